import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openMachines } from '../../src/exchange/testing/machines.ts';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { tokenxExchangeForm } from '../../src/oauth/grants/tokenx.ts';
import { generatePrivateJwk, importSigningKey } from '../../src/oauth/jwk.ts';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import { now } from '../strangers/providers.ts';
import { assertToldAlike, post } from './told-alike.ts';
import type { Answer, Assertion, Form } from './told-alike.ts';

/* What a request without a chance is told by the TokenX that applications test with, and by the server it stands for. */

const issuer = await createTestIssuer();
const machines = await openMachines();
const { world } = machines;
after(() => world.close());
const env = (name: string): string => issuer.env[name] ?? assert.fail(name);
const ownKey = importSigningKey(JSON.parse(env('TOKEN_X_PRIVATE_JWK')));
const stranger = importSigningKey(await generatePrivateJwk('RS256', ownKey.kid));

const BAD_REQUEST = [400, 'invalid_request', 'request'];
const BAD_CLIENT = [401, 'invalid_client', 'credential'];
const BAD_TARGET = [400, 'invalid_target', 'policy'];

const tokenx = { clientId: env('TOKEN_X_CLIENT_ID'), audience: env('TOKEN_X_ISSUER') };

async function askTokenx(
  subject: string,
  { target = 'dev:team-b:register', change = {}, form = {} }: { target?: string; change?: Assertion; form?: Form } = {},
): Promise<Answer> {
  const assertion = await signClientAssertion({ key: ownKey, now: now(), ...tokenx, ...change });
  return await post(issuer, env('TOKEN_X_TOKEN_ENDPOINT'), {
    ...tokenxExchangeForm(assertion, target, subject),
    ...form,
  });
}

test('sides-agree: TokenX and the test issuer say the same of a token that cannot be exchanged (RFC 8693 2.2.2)', async () => {
  const { clock } = world;
  const past = { exp: clock.now - 60, iat: clock.now - 660 };
  const exchange = async (change: object): Promise<Answer> =>
    world.exchange({ subject_token: await world.subject(change) });
  const ours = String((await world.exchange()).body['access_token']);
  const [, , signature = ''] = issuer.mint('idporten').split('.');
  const [header = '', payload = ''] = issuer.mint('idporten', { claims: { sub: 'another' } }).split('.');
  await assertToldAlike(
    {
      expired: {
        test: askTokenx(issuer.mint('idporten', { expiresInSeconds: -60 })),
        real: exchange({ claims: past }),
        expected: BAD_REQUEST,
      },
      'of a foreign issuer': {
        test: askTokenx(issuer.mint('entra-user')),
        real: exchange({ claims: { iss: 'https://foreign.example.test' } }),
        expected: BAD_REQUEST,
      },
      forged: {
        test: askTokenx(`${header}.${payload}.${signature}`),
        real: exchange({ key: machines.keys.stranger }),
        expected: BAD_REQUEST,
      },
      'for another application': {
        test: askTokenx(issuer.mint('tokenx', { claims: { aud: 'dev:team-b:register' } })),
        real: world.exchange({ subject_token: ours }),
        expected: BAD_REQUEST,
      },
      'an ID token': {
        test: askTokenx(issuer.mint('idporten-id-token')),
        real: exchange({ claims: { nonce: 'n', client_id: undefined } }),
        expected: BAD_REQUEST,
      },
      'an access token with a nonce': {
        test: askTokenx(issuer.mint('idporten', { claims: { nonce: 'n' } })),
        real: exchange({ claims: { nonce: 'n' } }),
        expected: BAD_REQUEST,
      },
      'no token at all': {
        test: askTokenx('text'),
        real: world.exchange({ subject_token: 'text' }),
        expected: BAD_REQUEST,
      },
      'without one': {
        test: askTokenx(''),
        real: world.exchange({ subject_token: '' }),
        expected: BAD_REQUEST,
      },
      'of another type': {
        test: askTokenx(issuer.mint('idporten'), { form: { subject_token_type: 'saml' } }),
        real: world.exchange({ subject_token_type: 'saml' }),
        expected: BAD_REQUEST,
      },
    },
    true,
  );
});

test('sides-agree: TokenX and the test issuer say the same of a target and of a client (RFC 8693 2.2.2, RFC 6749 5.2)', async () => {
  const { clock } = world;
  const good = issuer.mint('idporten');
  const as = async (change: object): Promise<Answer> =>
    world.exchange({ client_assertion: await world.assertion(change) });
  const type = { client_assertion_type: 'other' };
  await assertToldAlike(
    {
      'no target': {
        test: askTokenx(good, { target: '' }),
        real: world.exchange({ audience: '' }),
        expected: BAD_REQUEST,
      },
      'a target that is none': {
        test: askTokenx(good, { target: 'register' }),
        real: world.exchange({ audience: 'register' }),
        expected: BAD_TARGET,
      },
      // The test issuer knows no applications and no rules: whatever may be one is one that lets everybody in.
      'a target that nobody has': {
        test: askTokenx(good, { target: 'team-b:register' }),
        real: world.exchange({ audience: 'dev:fleet:nothing' }),
        expected: BAD_TARGET,
      },
      'a target without a rule': {
        test: askTokenx(good, { target: 'team-b:register' }),
        real: world.exchange({ audience: 'dev:fleet:strict' }),
        expected: BAD_TARGET,
      },
      'a bad token for a target that is none': {
        test: askTokenx('text', { target: 'register' }),
        real: world.exchange({ subject_token: 'text', audience: 'register' }),
        expected: BAD_TARGET,
      },
      'signed by another': {
        test: askTokenx(good, { change: { key: stranger } }),
        real: as({ key: machines.keys.stranger }),
        expected: BAD_CLIENT,
      },
      'an old assertion': {
        test: askTokenx(good, { change: { now: now() - 600 } }),
        real: as({ claims: { iat: clock.now - 600, exp: clock.now - 570 } }),
        expected: BAD_CLIENT,
      },
      'an assertion for another server': {
        test: askTokenx(good, { change: { audience: 'https://other.example.test' } }),
        real: as({ claims: { aud: 'https://other.example.test' } }),
        expected: BAD_CLIENT,
      },
      'an unknown client': {
        test: askTokenx(good, { change: { clientId: 'dev:fleet:nobody' } }),
        real: as({ claims: { iss: 'dev:fleet:nobody', sub: 'dev:fleet:nobody' } }),
        expected: BAD_CLIENT,
      },
      'another type of assertion': {
        test: askTokenx(good, { form: type }),
        real: world.exchange(type),
        expected: BAD_CLIENT,
      },
      'an assertion that is none': {
        test: askTokenx(good, { form: { client_assertion: 'x' } }),
        real: world.exchange({ client_assertion: 'x' }),
        expected: BAD_CLIENT,
      },
    },
    true,
  );
});

test('sides-agree: TokenX and the test issuer pass on the token of an application (RFC 8693 2.1)', async () => {
  const machine = String((await machines.ask('batch')).body['access_token']);
  assert.equal((await machines.hop('api', 'store', machine)).status, 200);
  assert.equal((await askTokenx(issuer.mint('tokenx-machine'))).status, 200);
});
