import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { codeChallenge, createCodeVerifier } from '../../src/oauth/pkce.ts';
import { API, CALLBACK, CLOSED, DESK, MIDDLE, ownAssertion, privateKeyPem, startDesk, thumbprint } from './desk.ts';
import type { Desk } from './desk.ts';
import { startMsal } from './msal.ts';
import type { Msal } from './msal.ts';
import type { Order, Outcome } from './msal-client.ts';
import { browserUpTo, signInFor } from './person.ts';
import type { Providers } from './providers.ts';
import { SECRET } from './rows.ts';

let desk: Desk;
let providers: Providers;
let msal: Msal;

before(async () => {
  desk = await startDesk();
  ({ providers } = desk);
  msal = startMsal(providers.caFile);
});
after(async () => {
  await msal.close();
  await providers.close();
});

function auth(clientId: string, credential: Partial<Order['auth']> = { clientSecret: SECRET }): Order['auth'] {
  const { authority } = desk;
  return { clientId, authority, knownAuthorities: [new URL(authority).host], ...credential };
}

async function token(asked: Promise<Outcome>): Promise<Extract<Outcome, { kind: 'token' }>> {
  const outcome = await asked;
  assert.equal(outcome.kind, 'token', JSON.stringify(outcome));
  return outcome;
}

async function refusal(asked: Promise<Outcome>): Promise<Extract<Outcome, { kind: 'refused' }>> {
  const outcome = await asked;
  assert.equal(outcome.kind, 'refused', JSON.stringify(outcome));
  return outcome;
}

/** Signs an employee in at `desk` and gives MSAL's tokens. */
async function signedIn(scopes: string[], change: { readonly nonce?: string } = {}): Promise<Outcome> {
  const codeVerifier = createCodeVerifier();
  const login = { auth: auth(DESK), scopes, redirectUri: CALLBACK, state: 'st', nonce: 'no' };
  const begun = await msal.ask({ ...login, call: 'code-url', codeChallenge: codeChallenge(codeVerifier) });
  assert.ok(begun.kind === 'url', JSON.stringify(begun));
  const callback = await signInFor(browserUpTo(CALLBACK, providers.browse), begun.url);
  const answer = { code: '', ...Object.fromEntries(callback.searchParams) };
  return msal.ask({ ...login, ...change, call: 'code', codeVerifier, answer });
}

function applicationToken(credentials: Order['auth'], api: string = API): Promise<Outcome> {
  return msal.ask({ call: 'client-credentials', auth: credentials, scopes: [`api://${api}/.default`] });
}

test('judges-msal: MSAL gets an application token by client credentials with a secret', async () => {
  const claims = decodeJwt((await token(applicationToken(auth(DESK)))).token);
  assert.equal(claims.aud, API);
  assert.equal(claims.iss, providers.issuers.entra);
  assert.equal(claims['azp'], DESK);
  assert.equal(claims['azpacr'], '1');
  assert.equal(claims['idtyp'], 'app');
  assert.deepEqual(claims['roles'], ['access_as_application', 'admin']);
});

for (const [title, credential] of [
  [
    'a certificate named by x5t#S256 (PS256)',
    () => ({ clientCertificate: { thumbprintSha256: thumbprint(desk, 'sha256'), privateKey: desk.keyPem } }),
  ],
  [
    'a certificate named by x5t (RS256)',
    () => ({ clientCertificate: { thumbprint: thumbprint(desk, 'sha1'), privateKey: desk.keyPem } }),
  ],
  [
    'a certificate sent along as x5c',
    () => ({
      clientCertificate: {
        thumbprintSha256: thumbprint(desk, 'sha256'),
        privateKey: desk.keyPem,
        x5c: desk.certificatePem,
      },
    }),
  ],
  ['an assertion of our own making', async () => ({ clientAssertion: await ownAssertion(desk) })],
] as const) {
  test(`judges-msal: MSAL gets an application token with ${title}`, async () => {
    const { token: text } = await token(applicationToken(auth(DESK, await credential())));
    assert.equal(decodeJwt(text)['azpacr'], '2');
  });
}

test('judges-msal: MSAL shows AADSTS501051 for an API whose rules do not name the application', async () => {
  const refused = await refusal(applicationToken(auth(DESK), CLOSED));
  assert.equal(refused.name, 'ServerError');
  assert.equal(refused.code, 'invalid_grant');
  assert.equal(refused.number, 501051);
  assert.match(refused.message, /AADSTS501051: .*local:strangers:closed/);
});

test('judges-msal: MSAL shows AADSTS7000215 for a wrong secret', async () => {
  const refused = await refusal(applicationToken(auth(DESK, { clientSecret: 'wrong' })));
  assert.deepEqual([refused.code, refused.number, refused.status], ['invalid_client', 7000215, 401]);
});

test('judges-msal: MSAL shows AADSTS700027 for a certificate that is not registered', async () => {
  const other = { privateKey: privateKeyPem(await generatePrivateJwk('RS256')), thumbprintSha256: '0'.repeat(64) };
  const refused = await refusal(applicationToken(auth(DESK, { clientCertificate: other })));
  assert.deepEqual([refused.code, refused.number], ['invalid_client', 700027]);
});

test('judges-msal: MSAL signs an employee in by code and PKCE, and refreshes silently', async () => {
  const scopes = [`api://${MIDDLE}/.default`];
  const first = await token(signedIn(scopes));
  assert.equal(first.username, 'rolig.fjord@example.test');
  assert.equal(decodeJwt(first.token).aud, MIDDLE);
  assert.equal(decodeJwt(first.idToken).aud, DESK);
  const cached = await token(msal.ask({ call: 'silent', auth: auth(DESK), scopes, refresh: false }));
  assert.deepEqual([cached.fromCache, cached.token], [true, first.token]);
  const fresh = await token(msal.ask({ call: 'silent', auth: auth(DESK), scopes, refresh: true }));
  assert.equal(fresh.fromCache, false);
  assert.notEqual(fresh.token, first.token);
  const other = await token(
    msal.ask({ call: 'silent', auth: auth(DESK), scopes: [`api://${API}/.default`], refresh: false }),
  );
  assert.equal(decodeJwt(other.token).aud, API, 'one refresh token serves every API');
});

test('judges-msal: MSAL refuses an ID token with another nonce', async () => {
  const refused = await refusal(signedIn([`api://${MIDDLE}/.default`], { nonce: 'other' }));
  assert.equal(refused.code, 'nonce_mismatch');
});

test('judges-msal: MSAL exchanges a user token On-Behalf-Of: same person, next audience', async () => {
  const { token: userToken } = await token(signedIn([`api://${MIDDLE}/.default`]));
  const exchanged = await token(onBehalfOf(MIDDLE, API, userToken));
  const [old, next] = [decodeJwt(userToken), decodeJwt(exchanged.token)];
  assert.equal(next.aud, API);
  assert.equal(next['azp'], MIDDLE);
  assert.equal(next['scp'], 'defaultaccess read');
  assert.equal(next['oid'], old['oid']);
  assert.notEqual(next.sub, old.sub, 'sub is pairwise by API');
  assert.ok(exchanged.scopes.includes(`api://${API}/read`));
});

test('judges-msal: MSAL shows AADSTS65001 when the next API does not name the caller, and asks for interaction', async () => {
  const { token: userToken } = await token(signedIn([`api://${MIDDLE}/.default`]));
  const refused = await refusal(onBehalfOf(MIDDLE, CLOSED, userToken));
  assert.deepEqual(
    [refused.name, refused.number, refused.subError],
    ['InteractionRequiredAuthError', 65001, 'consent_required'],
  );
});

test('judges-msal: MSAL shows AADSTS50013 for a user token of another application, AADSTS7000114 for an application token', async () => {
  const { token: userToken } = await token(signedIn([`api://${MIDDLE}/.default`]));
  assert.equal((await refusal(onBehalfOf(API, MIDDLE, userToken))).number, 50013);
  const { token: machineToken } = await token(applicationToken(auth(DESK), MIDDLE));
  assert.equal((await refusal(onBehalfOf(MIDDLE, API, machineToken))).number, 7000114);
});

test('judges-msal: MSAL without the private CA does not speak to the local Entra ID', async (t) => {
  const trustless = startMsal(undefined);
  t.after(() => trustless.close());
  const refused = await refusal(
    trustless.ask({ call: 'client-credentials', auth: auth(DESK), scopes: [`api://${API}/.default`] }),
  );
  assert.equal(refused.code, 'endpoints_resolution_error');
});

function onBehalfOf(caller: string, api: string, oboAssertion: string): Promise<Outcome> {
  return msal.ask({ call: 'on-behalf-of', auth: auth(caller), scopes: [`api://${api}/.default`], oboAssertion });
}
