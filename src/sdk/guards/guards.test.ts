import assert from 'node:assert/strict';
import test from 'node:test';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START } from '../testing/fixtures.ts';
import type { TokenKind } from '../testing/fixtures.ts';
import {
  allOf,
  anyOf,
  anyPrincipal,
  ConfigError,
  create,
  fromEnv,
  requireAcr,
  requireCaller,
  requireConsumer,
  requireGroup,
  requireMachine,
  requireRole,
  requireScope,
  requireUser,
} from '../index.ts';
import type { Guard, Principal, TokenxUser } from '../index.ts';
import { KINDS } from '../testing/auth.ts';

const keys = await makeKeys();

async function principal(kind: TokenKind, changes: object = {}, env: object = {}): Promise<Principal> {
  const auth = fromEnv({
    env: { ...ENV, ...env },
    fetch: keyFetch(keys).fetch,
    clock: () => START,
    maskinporten: { requiredScope: 'fleet:read' },
  });
  try {
    return await auth.validateOrThrow(await mint({ ...CLAIMS[kind], ...changes }, keys.issuer));
  } finally {
    auth.close();
  }
}

function inbound(apps: readonly string[]): object {
  return { FULLMAKT_INBOUND_APPS: JSON.stringify(apps) };
}

function verdict(guard: Guard, who: Principal): string {
  const outcome = guard(who);
  return outcome.ok ? 'ok' : outcome.error.code;
}

const TABLE: readonly [guard: Guard, refusal: string, passing: readonly TokenKind[]][] = [
  [anyPrincipal, '', KINDS],
  [requireUser(), 'wrong_kind', ['entra-user', 'tokenx-user', 'idporten']],
  [requireUser('tokenx', 'idporten'), 'wrong_kind', ['tokenx-user', 'idporten']],
  [requireMachine(), 'wrong_kind', ['entra-machine', 'tokenx-machine', 'maskinporten']],
  [requireMachine('oidc:mine'), 'wrong_kind', []],
  [requireScope('fleet:read'), 'scope_missing', ['maskinporten']],
  [requireScope({ any: ['fleet:read', 'profile'] }), 'scope_missing', ['maskinporten', 'idporten']],
  [requireScope({ all: ['a', 'b'] }), 'scope_missing', ['oidc']],
  [requireRole('read'), 'role_missing', ['tokenx-machine']],
  [requireRole({ any: ['read', 'access_as_application'] }), 'role_missing', ['tokenx-machine', 'entra-machine']],
  [requireGroup('g1'), 'group_missing', ['entra-user']],
  [requireGroup({ all: ['g1', 'g2'] }), 'group_missing', []],
  [requireAcr('substantial'), 'acr_too_low', ['tokenx-user', 'idporten']],
  [requireAcr('high'), 'acr_too_low', ['tokenx-user']],
  [requireAcr('eidas-substantial'), 'acr_too_low', []],
  [requireCaller(), 'caller_not_allowed', ['entra-user', 'entra-machine', 'tokenx-user', 'tokenx-machine']],
  [requireCaller('local:fleet:portal'), 'caller_not_allowed', ['tokenx-user', 'tokenx-machine']],
  [requireCaller('caller-id'), 'caller_not_allowed', ['entra-user', 'entra-machine']],
  [requireConsumer('310000019', '310000020'), 'consumer_not_allowed', ['maskinporten']],
  [requireConsumer('310000020'), 'consumer_not_allowed', []],
];

test('each guard on each kind of principal: passes, or refuses with its own code (5.2)', async () => {
  for (const kind of KINDS) {
    const who = await principal(kind);
    for (const [guard, refusal, passing] of TABLE) {
      assert.equal(verdict(guard, who), passing.includes(kind) ? 'ok' : refusal, `${guard.text} on ${kind}`);
    }
  }
});

test('levels rank as they should, and an unknown or absent one never passes (providers.md 2.4)', async () => {
  const order = {
    substantial: ['idporten-loa-substantial', 'Level3', 'idporten-loa-high', 'Level4'],
    high: ['idporten-loa-high', 'Level4'],
  };
  const eidas = { 'eidas-substantial': ['eidas-loa-substantial', 'eidas-loa-high'], 'eidas-high': ['eidas-loa-high'] };
  const all = [
    'selfregistered-email',
    'idporten-loa-low',
    ...order.substantial,
    ...eidas['eidas-substantial'],
    'Level5',
    undefined,
  ];
  for (const acr of all) {
    const who = await principal('tokenx-user', { acr });
    for (const [minimum, accepted] of Object.entries({ ...order, ...eidas })) {
      const expected = acr !== undefined && accepted.includes(acr) ? 'ok' : 'acr_too_low';
      assert.equal(verdict(requireAcr(minimum as 'high'), who), expected, `${acr} for ${minimum}`);
    }
  }
});

test('group overage is a refusal of its own, never a guess', async () => {
  const who = await principal('entra-user', { groups: undefined, _claim_names: { groups: 'src1' } });
  assert.equal(verdict(requireGroup('g1'), who), 'groups_overage');
});

test('the caller is who azp says, whatever azp_name claims; a star stands for one whole part', async () => {
  const liar = await principal('entra-user', { azp: 'other', azp_name: 'local:fleet:case-desk' });
  assert.equal(verdict(requireCaller(), liar), 'caller_not_allowed');
  const cases: readonly [readonly string[], string][] = [
    [['local:fleet:*'], 'ok'],
    [['*:*:portal'], 'ok'],
    [['local:fleet:port*'], 'caller_not_allowed'],
    [['local:other:*'], 'caller_not_allowed'],
    [[], 'caller_not_allowed'],
  ];
  for (const [apps, expected] of cases) {
    assert.equal(verdict(requireCaller(), await principal('tokenx-user', {}, inbound(apps))), expected, apps.join());
  }
});

test('refusals say which manifest line would help', async () => {
  const citizen = await principal('idporten');
  const explanation = (guard: Guard): string => {
    const outcome = guard(citizen);
    return outcome.ok ? '' : (outcome.error.explanation ?? '');
  };
  assert.match(explanation(requireCaller()), /spec\.accessPolicy\.inbound\.rules/);
  assert.match(explanation(requireGroup('g')), /spec\.azure\.application\.claims\.groups/);
  assert.match(explanation(requireAcr('high')), /spec\.login\.level/);
  assert.match(explanation(requireRole('r')), /permissions\.roles/);
  assert.match(explanation(requireScope('s')), /permissions\.scopes/);
});

test('allOf reports the first refusal, anyOf the first of its two; both say what they want', async () => {
  const citizen = await principal('idporten');
  const [user, group, role] = [requireUser(), requireGroup('g'), requireRole('r')];
  assert.equal(verdict(allOf(user, group, role), citizen), 'group_missing');
  assert.equal(verdict(allOf(user, anyPrincipal), citizen), 'ok');
  assert.equal(verdict(anyOf(role, user), citizen), 'ok');
  assert.equal(verdict(anyOf(role, group), citizen), 'role_missing');
  assert.equal(allOf(user, anyOf(group, role)).text, 'a user of any provider and (group g or role r)');
  assert.equal(allOf(user, anyOf(requireCaller(), role)).needs, 'caller-list');
  const typed: Guard<TokenxUser> = allOf(requireUser('tokenx'), requireAcr('high'));
  assert.equal(typeof typed, 'function');
});

test('L15: bad arguments throw when the guard is made', () => {
  const made: readonly (() => Guard)[] = [
    () => requireScope(''),
    () => requireScope('two words'),
    () => requireScope({ any: [] as unknown as [string] }),
    () => requireRole({ all: [''] }),
    () => requireGroup('a\tb'),
    () => requireAcr('level4' as 'high'),
    () => requireCaller(''),
    () => requireConsumer(...([] as unknown as [string])),
    () => requireConsumer('0192:310000019'),
    () => requireUser('idporte' as 'idporten'),
  ];
  for (const make of made) assert.throws(make, ConfigError, make.toString());
});

test('a guard that needs the caller list, or no guard at all, fails when it is mounted', () => {
  const issuer = {
    provider: 'tokenx',
    issuer: 'https://tokenx.example',
    keys: { jwksUri: 'https://op.example/jwks' },
    audience: ['me'],
  } as const;
  const auth = create([issuer], { env: {} });
  assert.throws(() => auth.checkGuard(allOf(requireUser(), requireCaller())), /FULLMAKT_INBOUND_APPS/);
  assert.throws(() => auth.checkGuard(undefined as unknown as Guard), /anyPrincipal/);
  auth.checkGuard(anyPrincipal);
});
