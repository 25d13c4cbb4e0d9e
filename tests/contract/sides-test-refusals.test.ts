import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import { entraMachineForm, entraOnBehalfOfForm } from '../../src/oauth/grants/entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../../src/oauth/grants/maskinporten.ts';
import { generatePrivateJwk, importSigningKey } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { createTestIssuer } from '../../src/sdk/testing.ts';
import { now } from '../strangers/providers.ts';
import { API, DESK, startSides } from './sides.ts';
import { assertToldAlike, post } from './told-alike.ts';
import type { Answer, Assertion, Form } from './told-alike.ts';

/* What a request without a chance is told by the issuer that applications test with, and by the local providers. */

const issuer = await createTestIssuer();
const { providers, key, signIn } = await startSides();
after(() => providers.close());
const { issuers } = providers;
const env = (name: string): string => issuer.env[name] ?? assert.fail(name);
const ownKey = importSigningKey(JSON.parse(env('AZURE_APP_JWK')));
const stranger = importSigningKey(await generatePrivateJwk('RS256', ownKey.kid));
const foreign = importSigningKey(await generatePrivateJwk('RS256', key.kid));

const BAD_REQUEST = [400, 'invalid_request', 'request'];
const BAD_CLIENT = [401, 'invalid_client', 'credential'];

test('sides-agree: Entra ID and the test issuer say the same, numbers that decide included (providers.md 2.5)', async (t) => {
  const at = { clientId: env('AZURE_APP_CLIENT_ID'), audience: env('AZURE_OPENID_CONFIG_ISSUER') };
  const clock = async (offset: number): Promise<void> => {
    assert.equal((await providers.control('PUT', '/v1/clock?persona=entra', { offset })).status, 200);
  };
  t.after(() => clock(0));
  const url = `${issuers.entra.replace(/\/v2\.0$/, '')}/oauth2/v2.0/token`;
  let later = 0;
  const realAssertion = (change: Assertion = {}): Promise<string> =>
    signClientAssertion({ key, clientId: DESK, audience: issuers.entra, now: now() + later, ...change });
  const testAssertion = (change: Assertion = {}): Promise<string> =>
    signClientAssertion({ key: ownKey, now: now(), ...at, ...change });
  const machine = async (change: (side: 'test' | 'real') => Assertion, form: Form = {}): Promise<[Answer, Answer]> => {
    const tested = entraMachineForm(
      { clientId: at.clientId, clientAssertion: await testAssertion(change('test')) },
      'api://dev.team-b.register/.default',
    );
    const real = entraMachineForm(
      { clientId: DESK, clientAssertion: await realAssertion(change('real')) },
      `${API}/.default`,
    );
    return [
      await post(issuer, env('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT'), { ...tested, ...form }),
      await post(providers, url, { ...real, ...form }),
    ];
  };
  const faults: Record<string, readonly [[Answer, Answer], readonly unknown[]]> = {
    'signed by another': [await machine((side) => ({ key: side === 'test' ? stranger : foreign })), BAD_CLIENT],
    'an unknown key': [await machine((side) => ({ key: { ...keyOf(side), kid: 'nobody' } })), BAD_CLIENT],
    'an old assertion': [await machine(() => ({ now: now() - 3600 })), BAD_CLIENT],
    'an assertion for another server': [await machine(() => ({ audience: 'https://other.example.test' })), BAD_CLIENT],
    'of another than it speaks for': [
      await machine(() => ({ claims: { sub: 'other' } })),
      [400, 'invalid_request', 'request'],
    ],
    'an assertion that is none': [
      await machine(() => ({}), { client_assertion: 'x' }),
      [400, 'invalid_request', 'credential'],
    ],
    'a scope that is no API': [await machine(() => ({}), { scope: `${API}/read` }), [400, 'invalid_scope', 'request']],
    'another client': [
      await machine(() => ({}), { client_id: '00000000-0000-4000-8000-00000000dead' }),
      [400, 'unauthorized_client', 'request'],
    ],
  };
  for (const [name, [[tested, real], expected]] of Object.entries(faults)) {
    await assertToldAlike({ [name]: { test: Promise.resolve(tested), real: Promise.resolve(real), expected } }, false);
  }
  const { client, tokens } = await signIn({
    kind: 'entra',
    issuer: issuers.entra,
    clientId: DESK,
    hint: 'testid:Z990001',
    scope: `openid offline_access ${DESK}/.default`,
  });
  client.close();
  const own = entraMachineForm({ clientId: DESK, clientAssertion: await realAssertion() }, `${DESK}/.default`);
  const { body } = await post(providers, url, own);
  const onBehalf = {
    test: async (token: string): Promise<Answer> =>
      post(
        issuer,
        env('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT'),
        entraOnBehalfOfForm(
          { clientId: at.clientId, clientAssertion: await testAssertion() },
          'api://dev.team-b.register/.default',
          token,
        ),
      ),
    real: async (token: unknown): Promise<Answer> =>
      post(
        providers,
        url,
        entraOnBehalfOfForm(
          { clientId: DESK, clientAssertion: await realAssertion() },
          `${API}/.default`,
          String(token),
        ),
      ),
  };
  const userFaults: Record<string, readonly [string, unknown, readonly unknown[]]> = {
    good: [issuer.mint('entra-user'), tokens.accessToken, [200]],
    'of another issuer': [issuer.mint('tokenx'), issuer.mint('tokenx'), [400, 'invalid_grant', 'reauth']],
    'no token at all': ['text', 'text', [400, 'invalid_grant', 'reauth']],
    'of an application': [issuer.mint('entra-machine'), body['access_token'], [400, 'unauthorized_client', 'request']],
    'an ID token': [issuer.mint('entra-id-token'), tokens.idToken, BAD_REQUEST],
  };
  for (const [name, [tested, real, expected]] of Object.entries(userFaults)) {
    await assertToldAlike({ [name]: { test: onBehalf.test(tested), real: onBehalf.real(real), expected } }, true);
  }
  later = 2 * 60 * 60;
  await clock(later);
  await assertToldAlike(
    {
      expired: {
        test: onBehalf.test(issuer.mint('entra-user', { expiresInSeconds: -60 })),
        real: onBehalf.real(tokens.accessToken),
        expected: [400, 'invalid_grant', 'reauth'],
      },
    },
    true,
  );
});

function invalidGrant(kind: string): readonly unknown[] {
  return [400, 'invalid_grant', kind];
}

function keyOf(side: 'test' | 'real'): SigningKey {
  return side === 'test' ? ownKey : key;
}

test('sides-agree: Maskinporten and the test issuer say the same of an assertion (providers.md 2.5)', async () => {
  const at = { clientId: env('MASKINPORTEN_CLIENT_ID'), audience: env('MASKINPORTEN_ISSUER') };
  type Change = (side: 'test' | 'real') => Assertion;
  const ask = async (side: 'test' | 'real', change: Change): Promise<Answer> => {
    const asked = { claims: maskinportenGrantClaims({ scope: 'demo:feed/read' }), omitSubject: true, now: now() };
    const client = side === 'test' ? at : { clientId: 'feed', audience: issuers.maskinporten };
    const form = maskinportenForm(
      await signClientAssertion({ key: keyOf(side), ...client, ...asked, ...change(side) }),
    );
    return side === 'test'
      ? await post(issuer, env('MASKINPORTEN_TOKEN_ENDPOINT'), form)
      : await post(providers, `${issuers.maskinporten}token`, form);
  };
  const faults: Record<string, readonly [Change, readonly unknown[]]> = {
    good: [() => ({}), [200]],
    'signed by another': [(side) => ({ key: side === 'test' ? stranger : foreign }), invalidGrant('credential')],
    'an unknown key': [(side) => ({ key: { ...keyOf(side), kid: 'nobody' } }), invalidGrant('policy')],
    'an unknown client': [() => ({ clientId: 'nobody' }), invalidGrant('credential')],
    'for another server': [() => ({ audience: 'https://other.example.test/' }), invalidGrant('policy')],
    expired: [() => ({ now: now() - 600 }), invalidGrant('policy')],
    'from the future': [() => ({ now: now() + 600 }), invalidGrant('policy')],
    'too long a life': [() => ({ lifetimeSeconds: 121 }), invalidGrant('policy')],
    'no scope': [() => ({ claims: {} }), [400, 'invalid_scope', 'request']],
    'an empty scope': [() => ({ claims: maskinportenGrantClaims({ scope: '' }) }), [400, 'invalid_scope', 'request']],
  };
  for (const [name, [change, expected]] of Object.entries(faults)) {
    await assertToldAlike({ [name]: { test: ask('test', change), real: ask('real', change), expected } }, false);
  }
  const none = maskinportenForm('x');
  await assertToldAlike(
    {
      'an assertion that is none': {
        test: post(issuer, env('MASKINPORTEN_TOKEN_ENDPOINT'), none),
        real: post(providers, `${issuers.maskinporten}token`, none),
        expected: BAD_REQUEST,
      },
    },
    false,
  );
});
