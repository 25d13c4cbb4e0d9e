import assert from 'node:assert/strict';
import test from 'node:test';
import {
  anyPrincipal,
  requireAcr,
  requireCaller,
  requireConsumer,
  requireGroup,
  requireMachine,
  requireRole,
  requireScope,
  requireUser,
} from '../index.ts';
import type { Guard } from '../index.ts';
import { KINDS } from '../testing/auth.ts';
import { makeKeys } from '../testing/fixtures.ts';
import type { TokenKind } from '../testing/fixtures.ts';
import { makePrincipals } from '../testing/principals.ts';
import type { Verdict } from '../testing/principals.ts';

const keys = await makeKeys();
const principals = makePrincipals(keys);

/** Changes of the claims, and what the guard says then. */
type Cell = readonly [changes: object, verdict: Verdict];

/** The guard passes, refuses, and finds its claim absent, for one type of principal. */
type Cells = readonly [passes: Cell, fails: Cell, absent: Cell];

/** Three cells from the claims: what passes, what does not, and none; `never` where not even the right claim passes. */
function cells(
  name: string,
  values: readonly [right: unknown, wrong: unknown],
  code: Verdict,
  more: { never?: true; absent?: Verdict } = {},
): Cells {
  const [right, wrong] = values;
  return [
    [{ [name]: right }, more.never === true ? code : 'ok'],
    [{ [name]: wrong }, code],
    [{ [name]: undefined }, more.absent ?? code],
  ];
}

const ROLES = [['r'], ['R', 'rr']] as const;
const GROUPS = [['g'], ['G', 'gg']] as const;
const LEVELS = ['idporten-loa-high', 'idporten-loa-substantial'] as const;
const SCOPES = ['other s', 'S ss'] as const;
const consumer = (number: string): object => ({ authority: 'iso6523-actorid-upis', ID: `0192:${number}` });
const CONSUMERS = [consumer('310000020'), consumer('310000021')] as const;
const never = { never: true } as const;
const unclassified = { absent: 'token: type_refused' } as const;

function kindCells(passing: readonly TokenKind[]): Readonly<Record<TokenKind, Cells>> {
  const passes = (kind: TokenKind): Cell => [{}, passing.includes(kind) ? 'ok' : 'wrong_kind'];
  // Told by a marker, a machine becomes a user at TokenX, who then lacks an issuer of the subject.
  const absent: Readonly<Record<TokenKind, Cell>> = {
    'entra-user': [{ scp: undefined }, 'token: type_refused'],
    'entra-machine': [{ idtyp: undefined }, 'token: type_refused'],
    'tokenx-user': [{ idp: undefined }, 'token: claim_missing'],
    'tokenx-machine': [{ idtyp: undefined }, 'token: claim_missing'],
    idporten: [{ client_id: undefined }, 'token: type_refused'],
    maskinporten: [{ consumer: undefined }, 'token: type_refused'],
    oidc: [{ idtyp: 'app' }, 'wrong_kind'],
  };
  const other = (kind: TokenKind): Cell =>
    kind === 'entra-user'
      ? [{ idtyp: 'app' }, passing.includes('entra-machine') ? 'ok' : 'wrong_kind']
      : kind === 'tokenx-user'
        ? [{ idtyp: 'app' }, passing.includes('tokenx-machine') ? 'ok' : 'wrong_kind']
        : [{}, passes(kind)[1]];
  return Object.fromEntries(KINDS.map((kind) => [kind, [passes(kind), other(kind), absent[kind]]])) as never;
}

const MATRIX: readonly (readonly [Guard, Readonly<Record<TokenKind, Cells>>])[] = [
  [requireUser(), kindCells(['entra-user', 'tokenx-user', 'idporten'])],
  [requireUser('tokenx'), kindCells(['tokenx-user'])],
  [requireMachine(), kindCells(['entra-machine', 'tokenx-machine', 'maskinporten'])],
  [requireMachine('entra_id', 'maskinporten'), kindCells(['entra-machine', 'maskinporten'])],
  [
    requireScope('s'),
    {
      'entra-user': cells('scp', SCOPES, 'scope_missing', unclassified),
      'entra-machine': cells('scp', SCOPES, 'scope_missing'),
      'tokenx-user': cells('scope', SCOPES, 'scope_missing'),
      'tokenx-machine': cells('scope', SCOPES, 'scope_missing'),
      idporten: cells('scope', SCOPES, 'scope_missing', unclassified),
      maskinporten: cells('scope', SCOPES, 'scope_missing', unclassified).map(([changes, verdict], at) =>
        at === 1 ? [{ scope: 'other ss' }, verdict] : [changes, verdict],
      ) as never,
      oidc: cells('scope', SCOPES, 'scope_missing'),
    },
  ],
  [
    requireRole('r'),
    {
      'entra-user': cells('roles', ROLES, 'role_missing'),
      'entra-machine': cells('roles', ROLES, 'role_missing'),
      'tokenx-user': cells('roles', ROLES, 'role_missing', never),
      'tokenx-machine': cells('roles', ROLES, 'role_missing'),
      idporten: cells('roles', ROLES, 'role_missing', never),
      maskinporten: cells('roles', ROLES, 'role_missing', never),
      oidc: cells('roles', ROLES, 'role_missing', never),
    },
  ],
  [
    requireGroup('g'),
    {
      'entra-user': cells('groups', GROUPS, 'group_missing'),
      'entra-machine': cells('groups', GROUPS, 'group_missing', never),
      'tokenx-user': cells('groups', GROUPS, 'group_missing', never),
      'tokenx-machine': cells('groups', GROUPS, 'group_missing', never),
      idporten: cells('groups', GROUPS, 'group_missing', never),
      maskinporten: cells('groups', GROUPS, 'group_missing', never),
      oidc: cells('groups', GROUPS, 'group_missing', never),
    },
  ],
  [
    requireAcr('high'),
    {
      'entra-user': cells('acr', LEVELS, 'acr_too_low'),
      'entra-machine': cells('acr', LEVELS, 'acr_too_low'),
      'tokenx-user': cells('acr', LEVELS, 'acr_too_low'),
      'tokenx-machine': cells('acr', LEVELS, 'acr_too_low'),
      idporten: cells('acr', LEVELS, 'acr_too_low', { absent: 'token: claim_missing' }),
      maskinporten: cells('acr', LEVELS, 'acr_too_low'),
      oidc: cells('acr', LEVELS, 'acr_too_low'),
    },
  ],
  [
    requireCaller(),
    {
      'entra-user': cells('azp', ['caller-id', 'local:fleet:case-desk'], 'caller_not_allowed', {
        absent: 'token: claim_missing',
      }),
      'entra-machine': cells('azp', ['caller-id', 'Caller-id'], 'caller_not_allowed', {
        absent: 'token: claim_missing',
      }),
      'tokenx-user': cells(
        'client_id',
        ['local:fleet:portal', 'local:fleet:portals'],
        'caller_not_allowed',
        unclassified,
      ),
      'tokenx-machine': cells('client_id', ['local:fleet:portal', 'caller-id'], 'caller_not_allowed', unclassified),
      idporten: cells('client_id', ['local:fleet:portal', 'x'], 'caller_not_allowed', { ...never, ...unclassified }),
      maskinporten: cells('client_id', ['local:fleet:portal', 'x'], 'caller_not_allowed', {
        ...never,
        ...unclassified,
      }),
      oidc: cells('client_id', ['local:fleet:portal', 'x'], 'caller_not_allowed', never),
    },
  ],
  [
    requireConsumer('310000019', '310000020'),
    {
      'entra-user': cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
      'entra-machine': cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
      'tokenx-user': cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
      'tokenx-machine': cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
      idporten: cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
      maskinporten: cells('consumer', CONSUMERS, 'consumer_not_allowed', unclassified),
      oidc: cells('consumer', CONSUMERS, 'consumer_not_allowed', never),
    },
  ],
];

for (const [guard, byKind] of MATRIX) {
  test(`${guard.text}, for each type of principal: passes, refuses, and its claim is absent (5.2, 8.2)`, async () => {
    for (const kind of KINDS) {
      for (const [at, [changes, expected]] of byKind[kind].entries()) {
        const where = `${kind}, ${['passes', 'fails', 'absent'][at]}: ${JSON.stringify(changes)}`;
        assert.equal(await principals.verdict(guard, kind, changes), expected, where);
      }
    }
  });
}

test('anyPrincipal lets every type of principal pass, also one of unknown kind', async () => {
  for (const kind of KINDS) assert.equal(await principals.verdict(anyPrincipal, kind), 'ok', kind);
});

test('what a generic issuer issues for is what its configuration says, and without that it is of no kind (2.4)', async () => {
  for (const [kind, user, machine] of [
    ['user', 'ok', 'wrong_kind'],
    ['machine', 'wrong_kind', 'ok'],
    [undefined, 'wrong_kind', 'wrong_kind'],
  ] as const) {
    const entry = { issuer: 'https://op.example', jwks_uri: 'https://keys.example/jwks', audience: ['me'], kind };
    const { verdict } = makePrincipals(keys, { FULLMAKT_ISSUERS: JSON.stringify({ mine: entry }) });
    assert.equal(await verdict(requireUser('oidc:mine'), 'oidc'), user);
    assert.equal(await verdict(requireMachine('oidc:mine'), 'oidc'), machine);
    assert.equal(await verdict(requireUser('oidc:other'), 'oidc'), 'wrong_kind');
  }
});

/** Three rules for roles, on a token with these. */
function roles(...names: string[]): Promise<readonly Verdict[]> {
  return Promise.all(
    [requireRole('a'), requireRole({ any: ['a', 'b'] }), requireRole({ all: ['a', 'b'] })].map((guard) =>
      principals.verdict(guard, 'entra-machine', { roles: names }),
    ),
  );
}

test('rules of several want any or all of them, each as spelled and as a whole', async () => {
  assert.deepEqual(await roles('a'), ['ok', 'ok', 'role_missing']);
  assert.deepEqual(await roles('b'), ['role_missing', 'ok', 'role_missing']);
  assert.deepEqual(await roles('b', 'a', 'c'), ['ok', 'ok', 'ok']);
  assert.deepEqual(await roles('a b', 'A', 'ab'), ['role_missing', 'role_missing', 'role_missing']);
  assert.deepEqual(await roles(), ['role_missing', 'role_missing', 'role_missing']);
});

test('group overage is said only where the token says it, and never guessed either way', async () => {
  const guard = requireGroup('g1');
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x.example' } } };
  const verdict = (changes: object): Promise<Verdict> => principals.verdict(guard, 'entra-user', changes);
  assert.equal(await verdict({ groups: undefined, ...overage }), 'groups_overage');
  assert.equal(await verdict({ groups: undefined, _claim_names: { wids: 'src1' } }), 'group_missing');
  assert.equal(await verdict({ groups: undefined, hasgroups: true }), 'group_missing');
  assert.equal(await verdict({ groups: ['g2'], ...overage }), 'groups_overage');
  assert.equal(await verdict({ groups: ['g1'], ...overage }), 'ok');
  assert.equal(await principals.verdict(guard, 'tokenx-user', overage), 'group_missing');
});

test('a scope is where its provider grants one: a copied scp at TokenX and ID-porten, or scope at Entra ID, grants nothing', async () => {
  const guard = requireScope('s');
  for (const [kind, changes, expected] of [
    ['tokenx-user', { scp: 's' }, 'scope_missing'],
    ['tokenx-user', { scp: 'x', scope: 's' }, 'ok'],
    ['idporten', { scp: 's' }, 'scope_missing'],
    ['maskinporten', { scp: 's' }, 'scope_missing'],
    ['entra-user', { scope: 's' }, 'scope_missing'],
    ['entra-machine', { scope: 's' }, 'scope_missing'],
    ['oidc', { scope: undefined, scp: 's' }, 'ok'],
    ['oidc', { scope: 'x', scp: 's' }, 'scope_missing'],
  ] as const) {
    assert.equal(await principals.verdict(guard, kind, changes), expected, `${kind} ${JSON.stringify(changes)}`);
  }
});
