import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { importVerificationKey } from '../oauth/jwk.ts';
import { parseJwt, verifyJwtSignature } from '../oauth/jwt.ts';
import type { FaultName } from './faults.ts';
import { basic, providerOf } from './testing/openid.ts';
import { claimsOf, redirected } from './testing/sign-in.ts';
import type { Jar } from './testing/sign-in.ts';
import { transactionOf } from './testing/page.ts';
import { form, openWorld } from './testing/world.ts';

const world = await openWorld({ personas: ['openid', 'oidf-basic'] });
after(() => world.close());
afterEach(() => world.idp.faults.clear());

const op = await providerOf(world, 'openid');
op.register('web', {
  id_token_signed_response_alg: 'ES256',
  grant_types: ['authorization_code', 'client_credentials'],
});

function add(fault: FaultName): void {
  world.idp.faults.add({ persona: 'openid', fault, times: 1 });
}

async function idToken(): Promise<string> {
  const { body } = await op.redeem((await op.signIn({ scope: 'openid' })).get('code'));
  return String(body['id_token']);
}

async function isSigned(token: string): Promise<boolean> {
  const { keys } = (await (await op.fetch('/jwks')).json()) as { keys: unknown[] };
  try {
    const rules = { algorithms: ['ES256' as const], kidRequired: false };
    verifyJwtSignature(parseJwt(token), keys.map(importVerificationKey), rules);
    return true;
  } catch {
    return false;
  }
}

function headerOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
}

test('faults: an ES256 ID token keeps its algorithm and loses only what the fault takes', async () => {
  assert.ok(await isSigned(await idToken()));
  add('no-kid');
  const nameless = await idToken();
  assert.deepEqual([headerOf(nameless), await isSigned(nameless)], [{ alg: 'ES256' }, true]);
  add('bad-sig');
  assert.equal(await isSigned(await idToken()), false);
  add('unpublished-key');
  assert.equal(await isSigned(await idToken()), false);
  add('rotated-keys');
  assert.ok(await isSigned(await idToken()));
  add('skew');
  assert.equal(claimsOf(await idToken())['iat'], world.clock.now + 600);
  assert.ok(await isSigned(await idToken()));
});

async function audienceOfOwnToken(): Promise<unknown> {
  const { body } = await op.post('/token', { grant_type: 'client_credentials' }, basic('web'));
  return claimsOf(body['access_token'])['aud'];
}

test('page: userinfo about somebody else is for the token of that sign-in, sent in a body too', async () => {
  const measured = await providerOf(world, 'oidf-basic');
  measured.register('web');
  const jar: Jar = new Map();
  const page = await (await measured.visit(jar, { scope: 'openid' })).text();
  const person = /name="person" value="(\d+)"/.exec(page)?.[1] ?? '';
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const fields = { transaction: transactionOf(page), person, fault: 'userinfo-sub' };
  const code = redirected(await measured.fetch('/authorize', form(fields, { cookie }))).get('code');
  const { body: ticked } = await measured.redeem(code);
  const { body: other } = await measured.redeem((await measured.signIn({ scope: 'openid' })).get('code'));
  const ask = async (token: unknown): Promise<unknown> =>
    (await measured.post('/userinfo', { access_token: String(token) })).body['sub'];
  assert.equal(await ask(other['access_token']), claimsOf(other['id_token'])['sub']);
  const wrong = await ask(ticked['access_token']);
  assert.ok(typeof wrong === 'string' && wrong !== claimsOf(ticked['id_token'])['sub']);
  assert.equal(await ask(ticked['access_token']), claimsOf(ticked['id_token'])['sub']);
});

test('faults: the token of a client that calls for itself is damaged, for there is no ID token', async () => {
  add('bad-aud');
  assert.equal(await audienceOfOwnToken(), 'another-client');
  assert.notEqual(await audienceOfOwnToken(), 'another-client');
});
