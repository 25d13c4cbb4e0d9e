import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { isJsonObject } from '../oauth/objects.ts';
import { FAULT_NAMES } from './faults.ts';
import { codeWith, headerOf, isSigned, published } from './testing/faults-page.ts';
import { signInByPage } from './testing/page.ts';
import { CLIENTS } from './testing/rows.ts';
import { askToken, claimsOf, redeem, redirected } from './testing/sign-in.ts';
import { ISSUERS, openWorld } from './testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());
beforeEach(() => void world.events.splice(0));

type Body = Record<string, unknown>;

async function tokensWith(...faults: readonly string[]): Promise<Body> {
  const { status, body } = await askToken(world, redeem(await codeWith(world, ...faults)));
  assert.equal(status, 200);
  return body;
}

async function refresh(token: unknown): Promise<{ status: number; body: Body }> {
  return await askToken(world, { grant_type: 'refresh_token', refresh_token: String(token) });
}

/** The faults told since the test began: each once. */
function told(): readonly string[] {
  return world.events.flatMap((event) => (event.event === 'idp.fault' ? [`${event.endpoint} ${event.fault}`] : []));
}

/** The token endpoint fails for a code once; the code is still good. */
async function failsOnce(fault: string): Promise<string> {
  const code = await codeWith(world, fault);
  const failed = await askToken(world, redeem(code)).then(
    ({ status, body }) => `${status} ${String(body['error'])}`,
    (error: unknown) => (error instanceof SyntaxError ? 'no JSON' : 'cut'),
  );
  assert.equal((await askToken(world, redeem(code))).status, 200, 'a retry with the same code succeeds');
  return failed;
}

/** Claims of the ID token, and how a sign-in after it does without the fault. */
async function idTokenWith(fault: string): Promise<{ raw: string; header: Body; claims: Body; signed: boolean }> {
  const tokens = await tokensWith(fault);
  assert.ok(await isSigned(world, tokens['access_token']), 'the access token is as it was');
  const again = (await refresh(tokens['refresh_token'])).body['id_token'];
  assert.ok(await isSigned(world, again), 'the next ID token of this sign-in is whole');
  assert.equal(headerOf(again)['alg'], 'RS256');
  const raw = String(tokens['id_token']);
  return { raw, header: headerOf(raw), claims: claimsOf(raw), signed: await isSigned(world, raw) };
}

const EFFECTS: Readonly<Record<string, readonly [where: string, prove: () => Promise<void>]>> = {
  'slow-token': [
    'token',
    async () => {
      world.waits.length = 0;
      assert.equal((await askToken(world, redeem(await codeWith(world, 'slow-token')))).status, 200);
      assert.deepEqual(world.waits, [10_000]);
    },
  ],
  'token-5xx': ['token', async () => assert.equal(await failsOnce('token-5xx'), '503 temporarily_unavailable')],
  'html-500': ['token', async () => assert.equal(await failsOnce('html-500'), 'no JSON')],
  reset: ['token', async () => assert.equal(await failsOnce('reset'), 'cut')],
  'half-body': [
    'token',
    async () => {
      const code = await codeWith(world, 'half-body');
      await assert.rejects(askToken(world, redeem(code)));
      assert.equal((await askToken(world, redeem(code))).body['error'], 'invalid_grant', 'the code is spent');
    },
  ],
  access_denied: [
    'authorize',
    async () => {
      const answer = redirected(await signInByPage(world, { fields: { fault: ['access_denied'] } }));
      assert.deepEqual([answer.get('error'), answer.get('code'), answer.get('state')], ['access_denied', null, 'st']);
      assert.equal(answer.get('iss'), ISSUERS.idporten);
    },
  ],
  'bad-iss': [
    'authorize',
    async () => {
      const answer = redirected(await signInByPage(world, { fields: { fault: ['bad-iss'] } }));
      assert.ok(answer.get('code') && answer.get('iss'));
      assert.notEqual(answer.get('iss'), ISSUERS.idporten);
    },
  ],
  'no-iss': [
    'authorize',
    async () => {
      const answer = redirected(await signInByPage(world, { fields: { fault: ['no-iss'] } }));
      assert.ok(answer.get('code'));
      assert.equal(answer.has('iss'), false);
    },
  ],
  skew: [
    'token',
    async () => {
      const { claims, signed } = await idTokenWith('skew');
      assert.deepEqual([claims['iat'], claims['exp'], signed], [world.clock.now + 600, world.clock.now + 720, true]);
    },
  ],
  'refresh-reject': [
    'token',
    async () => {
      const tokens = await tokensWith('refresh-reject');
      const rejected = await refresh(tokens['refresh_token']);
      assert.deepEqual([rejected.status, rejected.body['error']], [400, 'invalid_grant']);
      assert.equal((await refresh(tokens['refresh_token'])).status, 200, 'it acted once');
    },
  ],
  'refresh-same': [
    'token',
    async () => {
      const tokens = await tokensWith('refresh-same');
      const same = await refresh(tokens['refresh_token']);
      assert.equal(same.body['refresh_token'], tokens['refresh_token']);
      const next = await refresh(tokens['refresh_token']);
      assert.ok(next.status === 200 && next.body['refresh_token'] !== tokens['refresh_token'], 'then it rotates again');
    },
  ],
  'wrong-nonce': [
    'token',
    async () => {
      const { claims, signed } = await idTokenWith('wrong-nonce');
      assert.ok(signed && typeof claims['nonce'] === 'string' && claims['nonce'] !== 'no');
    },
  ],
  'no-sid': [
    'token',
    async () => {
      const { claims, signed } = await idTokenWith('no-sid');
      assert.ok(signed && !('sid' in claims) && claims['nonce'] === 'no');
    },
  ],
  'rotated-keys': [
    'token',
    async () => {
      const before = await published(world);
      const { header, signed } = await idTokenWith('rotated-keys');
      assert.ok(signed && !before.includes(String(header['kid'])), 'signed with a key that was not there before');
      assert.deepEqual(await published(world), [...before, header['kid']]);
    },
  ],
  'unpublished-key': [
    'token',
    async () => {
      const before = await published(world);
      const { header, signed } = await idTokenWith('unpublished-key');
      assert.ok(!signed && typeof header['kid'] === 'string');
      assert.deepEqual(await published(world), before);
    },
  ],
  'bad-aud': [
    'token',
    async () => {
      const { claims, signed } = await idTokenWith('bad-aud');
      assert.ok(signed && typeof claims['aud'] === 'string' && claims['aud'] !== CLIENTS.portal);
    },
  ],
  'bad-sig': [
    'token',
    async () => {
      const { header, claims, signed, raw } = await idTokenWith('bad-sig');
      assert.deepEqual([signed, claims['aud'], claims['nonce']], [false, CLIENTS.portal, 'no']);
      assert.ok((await published(world)).includes(String(header['kid'])));
      const signature = Buffer.from(raw.split('.')[2] ?? '', 'base64url');
      signature.writeUInt8(signature.readUInt8(0) ^ 1, 0);
      const mended = `${raw.split('.').slice(0, 2).join('.')}.${signature.toString('base64url')}`;
      assert.ok(await isSigned(world, mended), 'one bit of the signature is wrong and nothing else');
    },
  ],
  'alg-none': [
    'token',
    async () => {
      const { header, claims, raw } = await idTokenWith('alg-none');
      assert.deepEqual([header, raw.endsWith('.'), claims['aud']], [{ alg: 'none' }, true, CLIENTS.portal]);
    },
  ],
  'no-kid': [
    'token',
    async () => {
      const { header, signed } = await idTokenWith('no-kid');
      assert.deepEqual([header, signed], [{ alg: 'RS256' }, true]);
    },
  ],
  'userinfo-sub': [
    'userinfo',
    async () => {
      const tokens = await tokensWith('userinfo-sub');
      const ask = async (): Promise<Body> => {
        const headers = { authorization: `Bearer ${String(tokens['access_token'])}` };
        const body: unknown = await (await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers })).json();
        return isJsonObject(body) ? { ...body } : {};
      };
      const [wrong, right] = [await ask(), await ask()];
      const { sub } = claimsOf(tokens['id_token']);
      assert.ok(typeof wrong['sub'] === 'string' && wrong['sub'] !== sub);
      assert.deepEqual({ ...wrong, sub }, right);
    },
  ],
};

for (const [fault, [where, prove]] of Object.entries(EFFECTS)) {
  test(`page: each fault box acts once, for its sign-in only: ${fault}`, async () => {
    await prove();
    assert.deepEqual(told(), [`${where} ${fault}`]);
    const whole = await tokensWith();
    assert.ok(await isSigned(world, whole['id_token']));
    assert.deepEqual(told(), [`${where} ${fault}`], 'the next sign-in is as ever');
  });
}

test('page: every fault but propagation, which is about registrations, has its box', () => {
  assert.deepEqual(Object.keys(EFFECTS).toSorted(), FAULT_NAMES.filter((name) => name !== 'propagation').toSorted());
});
