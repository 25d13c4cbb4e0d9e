import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createForge } from '../../src/idp/testing/forge.ts';
import { createCaller } from '../../src/idp/testing/maskinporten.ts';
import { providerOf } from '../../src/idp/testing/openid.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { askEntra, askToken, authorizeUrl, codeAt, redeem, redirected, visit } from '../../src/idp/testing/sign-in.ts';
import type { Jar } from '../../src/idp/testing/sign-in.ts';
import { ASSERTION_TYPE, ISSUERS, openWorld, TENANT } from '../../src/idp/testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten', 'openid'] });
after(() => world.close());
const HOUR = 3600;
const feed = createCaller(world);
const openid = await providerOf(world, 'openid');
openid.register('key', { token_endpoint_auth_method: 'private_key_jwt' });
const TOKEN = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`;
const forge = await createForge(world, () => ({
  iss: CLIENTS.desk,
  sub: CLIENTS.desk,
  aud: TOKEN,
  jti: crypto.randomUUID(),
}));

type Times = Readonly<Record<'iat' | 'nbf' | 'exp', number>>;

/** Whether each persona lets in an assertion of such times, given as seconds from now. */
const JUDGES: Readonly<Record<string, (times: Times) => Promise<boolean>>> = {
  idporten: async (times) => {
    const own = { iss: CLIENTS.portal, sub: CLIENTS.portal, aud: ISSUERS.idporten };
    const client_assertion = await forge.signed({ ...own, ...times });
    return (await askToken(world, { ...redeem('a.b'), client_assertion })).body['error'] === 'invalid_grant';
  },
  maskinporten: async (times) => (await feed.ask(await feed.sign({ ...times }))).status === 200,
  entra: async (times) => {
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await forge.signed({ ...times }) };
    const asked = { client_id: CLIENTS.desk, grant_type: 'client_credentials', scope: `${CLIENTS.api}/.default` };
    return (await askEntra(world, { ...asked, ...proof })).status === 200;
  },
  openid: async (times) => {
    const proof = await openid.proof('key', { ...times });
    return (await openid.post('/introspect', { ...proof, token: 'x' })).status === 200;
  },
};

/** Seconds each allows a client's clock to be ahead, and past the end of an assertion. */
const TOLERANCE = {
  idporten: { ahead: 10, late: 10 },
  maskinporten: { ahead: 10, late: 0 },
  entra: { ahead: 300, late: 300 },
  openid: { ahead: 10, late: 10 },
} as const;

for (const [persona, { ahead, late }] of Object.entries(TOLERANCE)) {
  test(`T35 ${persona} lets a client's clock be ${ahead} s ahead and its assertion ${late} s late, to the second`, async () => {
    const judge = JUDGES[persona];
    assert.ok(judge !== undefined);
    const { now } = world.clock;
    const from = (seconds: number): Times => ({ iat: now + seconds, nbf: now + seconds, exp: now + seconds + 30 });
    const until = (seconds: number): Times => ({ iat: now - 20, nbf: now - 20, exp: now - seconds });
    assert.deepEqual(
      [await judge(from(ahead)), await judge(from(ahead + 1))],
      [true, false],
      'ahead: the last second and the next',
    );
    assert.deepEqual(
      [await judge(until(late - 1)), await judge(until(late))],
      [true, false],
      'late: the last second and the next',
    );
  });
}

test('T35 a clock that jumps back an hour makes no used code or assertion new', async () => {
  const code = await codeAt(world);
  const client_assertion = await world.assertion(CLIENTS.portal, ISSUERS.idporten);
  assert.equal((await askToken(world, { ...redeem(code), client_assertion })).status, 200);
  world.clock.now += HOUR;
  await codeAt(world);
  world.clock.now -= HOUR;
  assert.equal((await askToken(world, { ...redeem(code), client_assertion })).body['error'], 'invalid_client');
  assert.equal((await askToken(world, redeem(code))).body['error'], 'invalid_grant');
});

test('T35 a code that was refused as late stays so when the clock jumps back', async () => {
  const code = await codeAt(world);
  world.clock.now += 601;
  assert.equal((await askToken(world, redeem(code))).body['error'], 'invalid_grant');
  world.clock.now -= HOUR;
  assert.equal((await askToken(world, redeem(code))).body['error'], 'invalid_grant');
  world.clock.now += HOUR - 601;
});

test('T35 a session that was seen to be over, or was ended, stays so when the clock jumps back', async () => {
  const silent = async (jar: Jar): Promise<string | null> =>
    redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error');
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  assert.equal(await silent(jar), null);
  world.clock.now += HOUR;
  assert.equal(await silent(jar), 'login_required');
  world.clock.now -= HOUR;
  assert.equal(await silent(jar), 'login_required');
  const other: Jar = new Map();
  await codeAt(world, {}, other);
  const kept: Jar = new Map(other);
  await visit(world, other, `${ISSUERS.login}/logout`);
  world.clock.now -= HOUR;
  assert.equal(await silent(kept), 'login_required');
  world.clock.now += HOUR;
});
