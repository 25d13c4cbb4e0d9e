import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import { RESERVED_CLAIMS } from '../../registry/reserved-claims.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  IDP,
  idportenClient,
  ISSUER,
  START,
  testApp,
  testClient,
  testGrant,
} from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';
import type { TokenxTokenSettings } from '../../registry/model.ts';

const keys = await createTestKeys();
const jwks = [publicJwk(keys.client)];
const SETTINGS: Readonly<Record<string, TokenxTokenSettings>> = {
  web: {},
  api: {},
  store: {},
  listed: { claims: ['pid', 'act', 'scope', 'nonce'] },
  quiet: { act: false, azp: false },
  short: { ttl: 30 },
  uncapped: { capBySubject: false },
  session: { maxSession: 300 },
  unlimited: { limitScopeBySubject: false },
  echo: { scope: 'echo' },
  loop: {},
};
const apps = Object.keys(SETTINGS);
const world = await createWorld({
  keys,
  data: {
    apps: apps.map((name) => testApp(name)),
    clients: [
      ...apps.map((name) => testClient(name, jwks, SETTINGS[name] ?? {})),
      idportenClient('web', 'login-client'),
    ],
    grants: [
      testGrant('web', 'api', ['les', 'skriv']),
      testGrant('loop', 'api', ['slett']),
      testGrant('api', 'store', ['les', 'skriv', 'slett']),
      testGrant('api', 'unlimited', ['les', 'slett']),
      ...['listed', 'quiet', 'short', 'uncapped', 'session', 'echo', 'loop'].map((name) => testGrant('web', name)),
      testGrant('loop', 'loop'),
      testGrant('store', 'web'),
    ],
  },
});
after(() => world.close());

async function hop(from: string, to: string, token: string, scope?: string): Promise<Answer> {
  const id = `dev:fleet:${from}`;
  const client_assertion = await world.assertion({ claims: { iss: id, sub: id } });
  return world.exchange({ client_assertion, subject_token: token, audience: `dev:fleet:${to}`, scope });
}
const tokenOf = (answer: Answer): string =>
  answer.status === 200 ? String(answer.body['access_token']) : assert.fail(answer.text);
const scopeOf = (answer: Answer): unknown =>
  answer.status === 200 ? [claimsOf(answer)['scope'], answer.body['scope']] : answer.body['fm_reason'];
const from = async (claims: object): Promise<string> => world.subject({ claims: { ...claims } });

test("X09: the first hop takes its scopes from the edge and the request; another issuer's scope is no limit (P6, P7)", async () => {
  for (const scope of [undefined, '', 'openid profile', 'les']) {
    const token = await from({ scope });
    assert.deepEqual(scopeOf(await hop('web', 'api', token)), ['les skriv', 'les skriv']);
    assert.deepEqual(scopeOf(await hop('web', 'api', token, 'les')), ['les', 'les']);
    assert.deepEqual(
      scopeOf(await hop('web', 'api', token, 'skriv slett')),
      ['skriv', 'skriv'],
      'narrower than asked, and said so',
    );
    assert.equal(scopeOf(await hop('web', 'api', token, 'ukjent')), 'scope-unknown');
    assert.equal(scopeOf(await hop('web', 'api', token, 'les ukjent')), 'scope-unknown');
    assert.equal(scopeOf(await hop('web', 'api', token, 'slett')), 'scope-empty');
    assert.equal(scopeOf(await hop('web', 'api', token, 'les"')), 'scope-unknown');
    assert.deepEqual(
      scopeOf(await hop('web', 'quiet', token)),
      [undefined, undefined],
      'no scopes anywhere: a token without scope',
    );
    assert.equal(scopeOf(await hop('web', 'quiet', token, 'les')), 'scope-unknown');
  }
});

test('X09, N02: our own token with few scopes never gives more at the next hop, however rich the edge (P6)', async () => {
  const subject = await from({});
  const low = tokenOf(await hop('web', 'api', subject, 'les'));
  assert.deepEqual(scopeOf(await hop('api', 'store', low)), ['les', 'les']);
  assert.deepEqual(scopeOf(await hop('api', 'store', low, 'les slett')), ['les', 'les']);
  assert.equal(scopeOf(await hop('api', 'store', low, 'slett')), 'scope-empty');
  assert.deepEqual(
    scopeOf(await hop('api', 'unlimited', low)),
    ['les slett', 'les slett'],
    'unless the target lifts the limit',
  );
});

test('X09, N03: a subject without any scope works, at the first hop and at the next (P7)', async () => {
  const subject = await from({ scope: undefined });
  const none = tokenOf(await hop('web', 'loop', subject));
  assert.equal(claimsOf(await hop('web', 'loop', subject))['scope'], undefined);
  assert.deepEqual(scopeOf(await hop('loop', 'api', none)), ['slett', 'slett'], 'absent is no limit');
});

test('P7: where a limit leaves nothing the token carries an empty scope, so that the limit outlives the hop', async () => {
  const rich = tokenOf(await hop('web', 'api', await from({}), 'skriv'));
  const inner = tokenOf(await hop('api', 'store', rich));
  const empty = await hop('store', 'web', inner);
  assert.deepEqual(scopeOf(empty), ['', '']);
});

test('token.scope echo: the token has no scope, the response repeats the request (tokenx 3)', async () => {
  assert.deepEqual(scopeOf(await hop('web', 'echo', await from({}), 'hva som helst')), [undefined, 'hva som helst']);
});

test('X10, N16: no reserved claim planted in the subject survives (9.2)', async () => {
  const planted = Object.fromEntries([...RESERVED_CLAIMS].map((name) => [name, `planted-${name}`]));
  const {
    iss: _i,
    sub: _s,
    exp: _e,
    iat: _t,
    nbf: _n,
    client_id: _c,
    azp: _a,
    appid: _p,
    cid: _d,
    act: _x,
    ...rest
  } = planted;
  const { nonce: _o, at_hash: _h, c_hash: _g, s_hash: _f, events: _v, cnf: _k, may_act: _m, ...passing } = rest;
  const claims = claimsOf(await hop('web', 'api', await from(passing)));
  assert.doesNotMatch(JSON.stringify(claims), /planted/);
  const names = [
    'acr',
    'sid',
    'iss',
    'aud',
    'sub',
    'client_id',
    'azp',
    'idp',
    'act',
    'scope',
    'iat',
    'nbf',
    'exp',
    'jti',
  ];
  assert.deepEqual(Object.keys(claims).toSorted(), names.toSorted());
});

test('X10: everything else is copied, mapped where the issuer has a mapping, and only what an audience lists (9.2)', async () => {
  const subject = {
    pid: '00000000000',
    amr: ['bankid'],
    groups: ['g'],
    auth_time: START - 60,
    given: { deep: [1, null] },
    acr: 'idporten-loa-substantial',
  };
  const all = claimsOf(await hop('web', 'api', await from(subject)));
  for (const [name, value] of Object.entries(subject))
    assert.deepEqual(all[name], name === 'acr' ? 'Level3' : value, name);
  const listed = claimsOf(await hop('web', 'listed', await from({ ...subject, scope: 'openid' })));
  assert.deepEqual(Object.keys(listed).toSorted(), [
    'act',
    'aud',
    'azp',
    'client_id',
    'exp',
    'iat',
    'idp',
    'iss',
    'jti',
    'nbf',
    'pid',
    'sub',
  ]);
  assert.deepEqual(listed['act'], { sub: 'dev:fleet:web' });
  const quiet = claimsOf(await hop('web', 'quiet', await from({})));
  assert.deepEqual([quiet['act'], quiet['azp'], quiet['client_id']], [undefined, undefined, 'dev:fleet:web']);
});

test('X10: values like __proto__ or toString are data, never a mapping (9.2)', async () => {
  assert.equal(claimsOf(await hop('web', 'api', await from({ acr: 'toString' })))['acr'], 'toString');
  assert.equal(claimsOf(await hop('web', 'api', await from({ toString: 'x' })))['toString'], 'x');
});

test('X10, N16: idp, sid, mapped acr and all actors survive three hops; our own words are not mapped again (O3, A1)', async () => {
  const one = tokenOf(await hop('web', 'api', await from({ idp: 'https://liar.example.test' })));
  const two = tokenOf(await hop('api', 'store', one));
  const three = claimsOf(await hop('store', 'web', two));
  assert.equal(three['idp'], IDP);
  assert.equal(three['iss'], ISSUER);
  assert.equal(three['sid'], 's-5');
  assert.equal(three['acr'], 'Level4');
  assert.deepEqual(three['act'], {
    sub: 'dev:fleet:store',
    act: { sub: 'dev:fleet:api', act: { sub: 'dev:fleet:web' } },
  });
  assert.deepEqual(world.lastDecision()?.act, ['dev:fleet:store', 'dev:fleet:api', 'dev:fleet:web']);
});

async function life(to: string, claims: object): Promise<unknown> {
  const answer = await hop('web', to, await from(claims));
  if (answer.status !== 200) return answer.body['fm_reason'];
  assert.equal(claimsOf(answer)['exp'], START + Number(answer.body['expires_in']));
  return answer.body['expires_in'];
}

test('X10: a token ends with the earliest of its own life, its subject and the session (O4)', async () => {
  assert.equal(await life('api', { exp: START + 3600 }), 900);
  assert.equal(await life('api', { exp: START + 100 }), 100);
  assert.equal(await life('api', { exp: START + 1 }), 1);
  assert.equal(await life('api', { exp: START - 5 }), 'subject-expired');
  assert.equal(await life('short', { exp: START + 100 }), 30);
  assert.equal(await life('uncapped', { exp: START + 100 }), 900);
  assert.equal(await life('uncapped', { exp: START - 5 }), 900, 'within the skew');
  assert.equal(await life('uncapped', { exp: START - 10 }), 'subject-expired');
  assert.equal(await life('session', { auth_time: START - 100 }), 200);
  assert.equal(await life('session', { auth_time: START - 300 }), 'subject-expired');
  assert.equal(await life('session', {}), 'auth-time-missing');
});
