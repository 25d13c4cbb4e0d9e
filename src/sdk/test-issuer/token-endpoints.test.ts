import assert from 'node:assert/strict';
import test from 'node:test';
import { signClientAssertion } from '../../oauth/client-assertion.ts';
import { entraMachineForm, entraOnBehalfOfForm } from '../../oauth/grants/entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../../oauth/grants/maskinporten.ts';
import { tokenxExchangeForm } from '../../oauth/grants/tokenx.ts';
import { generatePrivateJwk, importSigningKey } from '../../oauth/jwk.ts';
import { parseJwt } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { createTestIssuer, fakeClock } from '../testing.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const env = (name: string): string => issuer.env[name] ?? assert.fail(name);
const key = importSigningKey(JSON.parse(env('AZURE_APP_JWK')));

type Form = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly error: unknown;
  readonly expiresIn: unknown;
  readonly claims: Claims;
}

async function ask(url: string, form: Form, headers: Record<string, string> = {}): Promise<Answer> {
  const body = new URLSearchParams(form);
  const answer = await issuer.fetch(url, { method: 'POST', body, headers });
  const { error, access_token: token, expires_in: expiresIn } = (await answer.json()) as Record<string, unknown>;
  const claims = token === undefined ? {} : parseJwt(token).claims;
  return { status: answer.status, error, expiresIn, claims };
}

type Change = Partial<Parameters<typeof signClientAssertion>[0]>;

function assertion(
  change: Change & Pick<Parameters<typeof signClientAssertion>[0], 'clientId' | 'audience'>,
): Promise<string> {
  return signClientAssertion({ key, now: clock(), ...change });
}

const ENTRA = { clientId: env('AZURE_APP_CLIENT_ID'), audience: env('AZURE_OPENID_CONFIG_ISSUER') };
const TOKENX = { clientId: env('TOKEN_X_CLIENT_ID'), audience: env('TOKEN_X_ISSUER') };
const MASKINPORTEN = { clientId: env('MASKINPORTEN_CLIENT_ID'), audience: env('MASKINPORTEN_ISSUER') };

async function entraForm(target: string, change: Change = {}): Promise<Form> {
  return entraMachineForm(
    { clientId: ENTRA.clientId, clientAssertion: await assertion({ ...ENTRA, ...change }) },
    target,
  );
}

const askEntra = (form: Form): Promise<Answer> => ask(env('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT'), form);
const askTokenx = (form: Form): Promise<Answer> => ask(env('TOKEN_X_TOKEN_ENDPOINT'), form);
const askMaskinporten = (form: Form): Promise<Answer> => ask(env('MASKINPORTEN_TOKEN_ENDPOINT'), form);

test('Entra ID gives a machine token to who proves to be the application (RFC 6749 4.4, RFC 7523 2.2)', async () => {
  const { status, claims, expiresIn } = await askEntra(await entraForm('api://dev.team-b.register/.default'));
  assert.deepEqual([status, expiresIn, claims['idtyp'], claims['azp']], [200, 3600, 'app', ENTRA.clientId]);
  assert.match(String(claims['aud']), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  const own = await askEntra(await entraForm('api://test.team.app/.default'));
  assert.equal(own.claims['aud'], ENTRA.clientId);
});

test('Entra ID exchanges a user token of this application for another, and the user stays the same (OBO)', async () => {
  const form = async (userToken: string, change: object = {}): Promise<Form> => ({
    ...entraOnBehalfOfForm(
      { clientId: ENTRA.clientId, clientAssertion: await assertion(ENTRA) },
      'api://dev.team-b.register/.default',
      userToken,
    ),
    ...change,
  });
  const { status, claims } = await askEntra(await form(issuer.mint('entra-user', { without: ['groups'] })));
  assert.deepEqual(
    [status, claims['NAVident'], claims['azp'], claims['scp'], claims['groups']],
    [200, 'Z990001', ENTRA.clientId, 'defaultaccess', undefined],
  );
  for (const [token, error] of [
    [issuer.mint('entra-machine'), 'unauthorized_client'],
    [issuer.mint('entra-id-token'), 'invalid_request'],
    [issuer.mint('tokenx'), 'invalid_grant'],
    [issuer.mint('entra-user', { expiresInSeconds: -60 }), 'invalid_grant'],
    [issuer.mint('entra-user', { claims: { aud: 'other' } }), 'invalid_grant'],
    ['text', 'invalid_grant'],
  ] as const) {
    assert.equal((await askEntra(await form(token))).error, error);
  }
  const use = await form(issuer.mint('entra-user'), { requested_token_use: 'other' });
  assert.equal((await askEntra(use)).error, 'invalid_request');
});

test('TokenX exchanges a token of ID-porten or its own for this application, and for no longer than that lives (RFC 8693)', async () => {
  const form = async (subject: string, change: object = {}): Promise<Form> => ({
    ...tokenxExchangeForm(await assertion(TOKENX), 'dev:team-b:register', subject),
    ...change,
  });
  const { status, claims, expiresIn } = await askTokenx(await form(issuer.mint('idporten', { expiresInSeconds: 90 })));
  assert.deepEqual(
    [status, expiresIn, claims['aud'], claims['client_id'], claims['pid'], claims['idp']],
    [200, 90, 'dev:team-b:register', TOKENX.clientId, '01819090285', env('IDPORTEN_ISSUER')],
  );
  assert.deepEqual(claims['act'], { sub: TOKENX.clientId });
  const again = await askTokenx(await form(issuer.mint('tokenx')));
  assert.deepEqual(again.claims['act'], { sub: TOKENX.clientId, act: { sub: 'test:team:caller' } });
  assert.deepEqual([again.status, again.claims['idp'], again.expiresIn], [200, env('IDPORTEN_ISSUER'), 900]);
  for (const subject of [
    issuer.mint('idporten-id-token'),
    issuer.mint('entra-user'),
    issuer.mint('tokenx', { claims: { aud: 'dev:team-b:register' } }),
  ]) {
    assert.equal((await askTokenx(await form(subject))).error, 'invalid_request');
  }
  const machine = await askTokenx(await form(issuer.mint('tokenx-machine')));
  assert.deepEqual(
    ['idtyp', 'sub', 'idp', 'pid', 'act'].map((name) => machine.claims[name]),
    ['app', 'test:team:caller', TOKENX.audience, undefined, { sub: TOKENX.clientId }],
  );
  const subject = issuer.mint('idporten');
  assert.equal((await askTokenx(await form(subject, { audience: 'register' }))).error, 'invalid_target');
  assert.equal((await askTokenx(await form(subject, { subject_token_type: 'saml' }))).error, 'invalid_request');
  assert.equal((await askTokenx(await form(subject, { grant_type: 'password' }))).error, 'unsupported_grant_type');
});

test('Maskinporten gives what the grant asks for, and for whom (RFC 7523 2.1, RFC 8707, RFC 9396)', async () => {
  const form = async (request: Parameters<typeof maskinportenGrantClaims>[0], change: Change = {}): Promise<Form> =>
    maskinportenForm(
      await assertion({ ...MASKINPORTEN, claims: maskinportenGrantClaims(request), omitSubject: true, ...change }),
    );
  const details = [{ type: 'urn:test' }];
  const request = { scope: 'a:b c:d', resource: 'https://api.test', authorizationDetails: details };
  const { status, claims, expiresIn } = await askMaskinporten(await form(request));
  assert.deepEqual([status, expiresIn, claims['scope'], claims['aud']], [200, 120, 'a:b c:d', 'https://api.test']);
  assert.deepEqual([claims['authorization_details'], claims['client_id']], [details, MASKINPORTEN.clientId]);
  assert.equal((await askMaskinporten(await form({ scope: '' }))).error, 'invalid_scope');
  assert.equal((await askMaskinporten(await form({ scope: 'a' }, { lifetimeSeconds: 121 }))).error, 'invalid_grant');
  assert.equal(
    (await askMaskinporten(await form({ scope: 'a' }, { audience: TOKENX.audience }))).error,
    'invalid_grant',
  );
});

test('an assertion that is forged, old, for somebody else, of somebody else or used before proves nothing (RFC 7523 3)', async () => {
  const stranger = importSigningKey(await generatePrivateJwk('RS256', 'app-1'));
  const target = 'api://x/.default';
  for (const change of [
    { key: stranger },
    { now: clock() - 60 },
    { now: clock() + 60 },
    { lifetimeSeconds: 121 },
    { audience: env('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT') },
    { clientId: 'other' },
  ]) {
    const { status, error } = await askEntra(await entraForm(target, change));
    assert.deepEqual([status, error], [401, 'invalid_client'], Object.keys(change).join());
  }
  const { status, error } = await askEntra(await entraForm(target, { claims: { sub: 'other' } }));
  assert.deepEqual([status, error], [400, 'invalid_request']);
  const once = await entraForm(target);
  assert.equal((await askEntra(once)).status, 200);
  assert.equal((await askEntra(once)).error, 'invalid_client');
});

test('a form that lacks something, has it twice, or is none, is refused (RFC 6749 5.2)', async () => {
  const good = await entraForm('api://x/.default');
  for (const name of Object.keys(good)) {
    assert.equal((await askEntra({ ...good, [name]: '' })).error, 'invalid_request', name);
  }
  assert.equal((await askEntra({ ...good, grant_type: 'password' })).error, 'unsupported_grant_type');
  assert.equal((await askEntra({ ...good, client_id: 'other' })).error, 'unauthorized_client');
  assert.equal((await askEntra(await entraForm('api://x/read'))).error, 'invalid_scope');
  const url = env('AZURE_OPENID_CONFIG_TOKEN_ENDPOINT');
  assert.equal((await ask(url, good, { 'content-type': 'application/json' })).error, 'invalid_request');
  assert.equal((await issuer.fetch(url)).status, 405);
  const twice = new URLSearchParams([...Object.entries(good), ['scope', 'api://y/.default']]);
  assert.equal((await issuer.fetch(url, { method: 'POST', body: twice })).status, 400);
});
