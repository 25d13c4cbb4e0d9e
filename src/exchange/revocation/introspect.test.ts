import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { denialHash } from '../../registry/denial.ts';
import { askAs, exchangeAs, tokenFor } from '../testing/operators.ts';
import { FORM, ISSUER, createTestKeys, createWorld, sign, testApp, testClient } from '../testing/world.ts';
import type { Answer, World } from '../testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());

const INACTIVE = '{"active":false}';

async function introspect(at: World, app: string, token: string): Promise<Answer> {
  return askAs(at, app, { path: '/introspect', token });
}

test('V1, X14: the application a token is for is told that it is active and every claim, act included', async () => {
  const token = await tokenFor(world, ['api', 'store'], await tokenFor(world, ['web', 'api']));
  const answer = await introspect(world, 'store', token);
  assert.equal(answer.status, 200);
  const claims = parseJwt(token).claims;
  assert.deepEqual(answer.body, { ...claims, active: true, token_type: 'Bearer' });
  assert.deepEqual(claims['act'], { sub: 'dev:fleet:api', act: { sub: 'dev:fleet:web' } });
  assert.equal(answer.headers['cache-control'], 'no-store');
  const decision = world.lastDecision();
  assert.deepEqual(
    [decision?.grant, decision?.decision, decision?.reason, decision?.caller, decision?.jtiIn],
    ['introspect', 'allow', 'active', 'dev:fleet:store', claims['jti']],
  );
});

test('V1, N20, X14: everything else is inactive and looks the same', async () => {
  const token = await tokenFor(world, ['web', 'api']);
  const claims = parseJwt(token).claims;
  const past = world.clock.now - 10;
  const cases: Readonly<Record<string, readonly [string, string]>> = {
    'the caller is not the audience': ['store', token],
    'the caller is the client': ['web', token],
    'another issuer': ['api', await world.subject()],
    'our claims, another key': ['api', await sign(claims, keys.stranger)],
    'no token': ['api', 'garbage'],
    'a cut token': ['api', token.slice(0, -10)],
    'a client assertion': ['api', await world.assertion()],
    'another typ': ['api', await sign(claims, keys.stranger, { typ: 'logout+jwt' })],
    'over its time, another key': ['api', await sign({ ...claims, exp: past }, keys.idp)],
  };
  for (const [what, [app, asked]] of Object.entries(cases)) {
    const answer = await introspect(world, app, asked);
    assert.deepEqual([answer.status, answer.text], [200, INACTIVE], what);
    const decision = world.lastDecision();
    assert.deepEqual([decision?.decision, decision?.reason], ['deny', 'inactive'], what);
  }
});

test('V1: a token is inactive from the second in which it ends', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  const token = await tokenFor(own, ['web', 'api']);
  const exp = Number(parseJwt(token).claims['exp']);
  own.clock.now = exp - 1;
  assert.equal((await introspect(own, 'api', token)).body['active'], true);
  own.clock.now = exp;
  assert.equal((await introspect(own, 'api', token)).text, INACTIVE);
});

test('V1, K6: a token of a revoked key is inactive whatever it says of its time, and cannot be exchanged', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  const token = await tokenFor(own, ['web', 'api']);
  const { kid = '' } = parseJwt(token).header;
  const denial = { kind: 'kid', hash: denialHash('kid', kid), notBefore: 0, expiresAt: own.clock.now + 60 } as const;
  await own.registry.commit(own.registry.snapshot().version, { putDenials: [denial] });
  assert.equal((await introspect(own, 'api', token)).text, INACTIVE);
  assert.equal((await exchangeAs(own, ['api', 'store'], token)).body['fm_reason'], 'subject-revoked');
});

test('V1: the client authenticates as at the token endpoint, and its assertion may name that endpoint too (C6)', async () => {
  const token = await tokenFor(world, ['web', 'api']);
  const id = 'dev:fleet:api';
  const ask = async (assertion: string): Promise<Answer> => {
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const body = new URLSearchParams({ client_assertion_type: type, client_assertion: assertion, token });
    return world.send('POST', '/introspect', { headers: FORM, body: body.toString() });
  };
  for (const aud of [ISSUER, `${ISSUER}/token`]) {
    const answer = await ask(await world.assertion({ claims: { iss: id, sub: id, aud } }));
    assert.equal(answer.body['active'], true, aud);
  }
  const wrongAudience = await ask(await world.assertion({ claims: { iss: id, sub: id, aud: `${ISSUER}/introspect` } }));
  assert.deepEqual([wrongAudience.status, wrongAudience.body['fm_reason']], [401, 'client-aud']);
  const assertion = await world.assertion({ claims: { iss: id, sub: id } });
  assert.equal((await ask(assertion)).status, 200);
  assert.equal((await ask(assertion)).body['fm_reason'], 'client-replay');
  const stranger = await ask(await world.assertion({ claims: { iss: id, sub: id }, key: keys.stranger }));
  assert.deepEqual([stranger.status, stranger.body['fm_reason']], [401, 'client-auth-failed']);
  assert.equal(world.lastDecision()?.grant, 'introspect');
});

test('R1, R2: both endpoints hold the form to the limits of the token endpoint', async () => {
  for (const path of ['/introspect', '/revoke']) {
    const reasonOf = async (body: string, more: { query?: string; headers?: object } = {}): Promise<unknown> => {
      const answer = await world.send('POST', `${path}${more.query ?? ''}`, {
        headers: { ...FORM, ...more.headers },
        body,
      });
      return answer.body['fm_reason'];
    };
    assert.equal(await reasonOf('token=a&token=b'), 'duplicate-parameter', path);
    assert.equal(await reasonOf('token=a', { query: '?token=a' }), 'query-parameter', path);
    assert.equal(await reasonOf('{}', { headers: { 'Content-Type': 'application/json' } }), 'content-type', path);
    assert.equal(await reasonOf(`token=${'a'.repeat(70_000)}`), 'too-large', path);
    assert.equal(await reasonOf('token=a'), 'client-auth-missing', path);
    const missing = await askAs(world, 'api', { path, token: '' });
    assert.deepEqual([missing.status, missing.body['fm_reason']], [400, 'parameter-missing'], path);
    const hinted = await askAs(world, 'api', { path, token: 'x', more: { token_type_hint: 'refresh_token' } });
    assert.equal(hinted.status, 200, path);
    assert.equal((await world.send('GET', path)).status, 405, path);
  }
});

test('L1: an answer that cannot be put on record is not given', async (t) => {
  let down = false;
  const own = await createWorld({
    keys,
    emit: (event) => {
      if (down && event.event === 'exchange') throw new AuditUnavailable('the disk is full');
    },
  });
  t.after(() => own.close());
  const token = await tokenFor(own, ['web', 'api']);
  down = true;
  const answer = await introspect(own, 'api', token);
  assert.deepEqual([answer.status, answer.body['fm_reason']], [503, 'audit-unavailable']);
});

test('V1: the audience alone sees a token of an application that shares its name in another namespace', async (t) => {
  const jwks = [publicJwk(keys.client)];
  const own = await createWorld({
    keys,
    data: {
      apps: ['web', 'api'].map((name) => testApp(name)),
      clients: ['web', 'api'].map((name) => testClient(name, jwks)),
    },
  });
  t.after(() => own.close());
  const answer = await introspect(own, 'web', await tokenFor(world, ['web', 'api']));
  assert.equal(answer.text, INACTIVE);
});
