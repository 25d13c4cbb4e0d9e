import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { entraMachineForm, entraOnBehalfOfForm, signEntraWorkloadAssertion } from '../../src/oauth/grants/entra.ts';
import type { WorkloadAssertion } from '../../src/oauth/grants/entra.ts';
import { satisfiesLevel } from '../../src/providers/levels.ts';
import { maskinportenForm, maskinportenGrantClaims } from '../../src/oauth/grants/maskinporten.ts';
import { ProviderFault } from '../../src/providers/provider-fault.ts';
import { refreshTokens } from '../../src/providers/refresh-grant.ts';
import { revokeTokens } from '../../src/providers/revocation.ts';
import { TokenRequestFailed } from '../../src/oauth/token-endpoint/token-failure.ts';
import { confirmSubject } from '../../src/providers/userinfo.ts';
import { claimsOf } from '../../src/idp/testing/sign-in.ts';
import { now, TENANT } from '../strangers/providers.ts';
import { API, DESK, WORKER, WORKLOADS, startSides } from './sides.ts';

/* Both sides state what they know of a service themselves, and none imports the other: here they meet. */

const { providers, key, elliptic, signIn, tokenEndpoint } = await startSides();
after(() => providers.close());
const { issuers, origins } = providers;
const PID = '01819090285';

const PEOPLE = [
  {
    kind: 'idporten',
    issuer: issuers.idporten,
    clientId: 'portal',
    hint: `testid:${PID}_idporten-loa-high`,
    scope: 'openid profile',
  },
  {
    kind: 'entra',
    issuer: issuers.entra,
    clientId: DESK,
    hint: 'testid:Z990001',
    scope: `openid offline_access ${DESK}/.default`,
  },
  {
    kind: 'openid',
    issuer: issuers.openid,
    clientId: 'generic',
    hint: `testid:${PID}`,
    scope: 'openid offline_access',
  },
  {
    kind: 'openid',
    issuer: origins.oidfBasic,
    clientId: 'generic',
    hint: `testid:${PID}`,
    scope: 'openid offline_access',
  },
  {
    kind: 'openid',
    issuer: origins.oidfFapi2,
    clientId: 'generic',
    hint: `testid:${PID}`,
    scope: 'openid offline_access',
    elliptic: true,
  },
] as const;

for (const at of PEOPLE) {
  const port = Object.entries({ ...origins }).find(([, origin]) => at.issuer.startsWith(origin))?.[0] ?? at.kind;
  test(`sides-agree: our login client signs in, refreshes and revokes at ${port}`, async () => {
    const { client, metadata, tokens } = await signIn(at);
    try {
      assert.equal(metadata.issuer, at.issuer);
      const claims = claimsOf(tokens.idToken);
      assert.deepEqual([claims['iss'], claims['aud']], [at.issuer, at.clientId]);
      assert.ok(tokens.refreshToken !== undefined);
      if (at.kind !== 'entra') {
        await confirmSubject(client, metadata, { accessToken: tokens.accessToken, subject: String(claims['sub']) });
      }
      const refreshed = await refreshTokens(client, tokens.refreshToken, at.scope.split(' '));
      assert.ok(refreshed.expiresInSeconds > 0);
      assert.equal(await revokeTokens(client, refreshed), at.kind !== 'entra');
    } finally {
      client.close();
    }
  });
}

/** What our client makes of each document: pushed requests, `iss` in answers, `sid` in ID tokens, algorithms of ID tokens. */
const DOCUMENTS: readonly (readonly [at: (typeof PEOPLE)[number], facts: readonly unknown[]])[] = [
  [PEOPLE[0], [true, true, true, ['RS256']]],
  [PEOPLE[1], [false, false, false, ['RS256']]],
  [PEOPLE[2], [true, true, true, ['RS256', 'ES256']]],
];

test('sides-agree: what the services offer is what our client builds on (RFC 8414, RFC 9126, RFC 9207)', async () => {
  for (const [at, facts] of DOCUMENTS) {
    const { client, metadata, tokens } = await signIn(at);
    client.close();
    const { issuerInAnswers, sidPromised, idTokenAlgorithms } = metadata;
    const pushed = metadata.endpoint('pushed_authorization_request_endpoint') !== undefined;
    assert.deepEqual(
      [pushed, issuerInAnswers, sidPromised, [...idTokenAlgorithms].toSorted((x, y) => y.localeCompare(x))],
      facts,
      at.issuer,
    );
    if (sidPromised) assert.ok('sid' in claimsOf(tokens.idToken), at.issuer);
  }
});

/** A new assertion for every attempt. */
const assertionFor = (clientId: string, audience: string, own: SigningKey = key): Promise<string> =>
  signClientAssertion({ key: own, clientId, audience, now: now() });
const ENTRA_TOKEN = `${issuers.entra.replace(/\/v2\.0$/, '')}/oauth2/v2.0/token`;

const asDesk = async (): Promise<{ clientId: string; clientAssertion: string }> => ({
  clientId: DESK,
  clientAssertion: await assertionFor(DESK, issuers.entra),
});

test('sides-agree: our client gets a machine token at Entra, and one on behalf of a user', async () => {
  const target = `${API}/.default`;
  const endpoint = tokenEndpoint(ENTRA_TOKEN);
  const machine = await endpoint.request(async () => entraMachineForm(await asDesk(), target), { forUser: false });
  assert.deepEqual([claimsOf(machine.accessToken)['idtyp'], claimsOf(machine.accessToken)['tid']], ['app', TENANT]);
  const { client, tokens } = await signIn(PEOPLE[1]);
  client.close();
  const form = async (): Promise<Readonly<Record<string, string>>> =>
    entraOnBehalfOfForm(await asDesk(), target, tokens.accessToken);
  const forUser = await endpoint.request(form, { forUser: true });
  assert.equal(claimsOf(forUser.accessToken)['aud'], API);
});

test('sides-agree: at common, people of the tenants on the list sign in and nobody else does (providers.md 2.2)', async () => {
  const common = { ...PEOPLE[1], issuer: issuers.entra.replace(TENANT, 'common') };
  const { client, metadata, tokens } = await signIn({ ...common, tenants: [TENANT] });
  try {
    assert.ok(metadata.issuer.endsWith('/{tenantid}/v2.0'));
    assert.equal(claimsOf(tokens.idToken)['iss'], issuers.entra);
    const refreshed = await refreshTokens(client, String(tokens.refreshToken), common.scope.split(' '));
    assert.ok(refreshed.expiresInSeconds > 0);
  } finally {
    client.close();
  }
  await assert.rejects(signIn({ ...common, tenants: [OTHER_TENANT] }), ProviderFault);
  await assert.rejects(signIn(common), /another issuer/);
});

const OTHER_TENANT = '00000000-0000-4000-8000-00000000f0ff';

const vouch = (change: Partial<WorkloadAssertion> = {}): Promise<string> =>
  signEntraWorkloadAssertion({ key, ...WORKLOADS, now: now(), ...change });

test('sides-agree: at Entra an application without key or secret is vouched for by our own issuer (RFC 7521 4.2)', async () => {
  const target = `${API}/.default`;
  const endpoint = tokenEndpoint(ENTRA_TOKEN);
  const ask = (change?: Partial<WorkloadAssertion>): ReturnType<typeof endpoint.request> =>
    endpoint.request(async () => entraMachineForm({ clientId: WORKER, clientAssertion: await vouch(change) }, target), {
      forUser: false,
    });
  const machine = claimsOf((await ask()).accessToken);
  assert.deepEqual([machine['idtyp'], machine['azp'], machine['azpacr']], ['app', WORKER, '2']);
  const { tokens, client } = await signIn({
    ...PEOPLE[1],
    clientId: WORKER,
    scope: `openid offline_access ${WORKER}/.default`,
    credential: { kind: 'assertion', assertion: () => vouch() },
  });
  client.close();
  assert.equal(claimsOf(tokens.idToken)['aud'], WORKER);
  const forUser = await endpoint.request(
    async () => entraOnBehalfOfForm({ clientId: WORKER, clientAssertion: await vouch() }, target, tokens.accessToken),
    { forUser: true },
  );
  assert.equal(claimsOf(forUser.accessToken)['aud'], API);
  await assert.rejects(
    ask({ subject: 'Local:strangers:worker' }),
    (error) => error instanceof TokenRequestFailed && error.kind === 'credential' && error.error === 'invalid_client',
  );
});

test('sides-agree: our client gets a token by client credentials at each generic persona', async () => {
  for (const [issuer, own] of [
    [issuers.openid, key],
    [origins.oidfCc, elliptic],
  ] as const) {
    const clientAssertion = (): Promise<string> => assertionFor('generic', issuer, own);
    const response = await providers.fetch(`${issuer}/.well-known/oauth-authorization-server`);
    const { token_endpoint: url } = (await response.json()) as { token_endpoint: string };
    const form = async (): Promise<Readonly<Record<string, string>>> =>
      entraMachineForm({ clientId: 'generic', clientAssertion: await clientAssertion() }, 'demo:read');
    const { expiresIn } = await tokenEndpoint(url).request(form, { forUser: false });
    assert.ok(expiresIn > 0);
  }
});

test('sides-agree: our client gets a Maskinporten token, and learns of a refusal by policy as such', async () => {
  const endpoint = tokenEndpoint(`${issuers.maskinporten}token`);
  const ask = (scope: string): ReturnType<typeof endpoint.request> =>
    endpoint.request(
      async () => {
        const claims = maskinportenGrantClaims({ scope, resource: 'https://api.example.test' });
        const audience = issuers.maskinporten;
        return maskinportenForm(
          await signClientAssertion({ key, clientId: 'feed', audience, now: now(), claims, omitSubject: true }),
        );
      },
      { forUser: false },
    );
  const { accessToken, expiresIn } = await ask('demo:feed/read');
  const claims = claimsOf(accessToken);
  assert.deepEqual([claims['iss'], claims['aud'], expiresIn], [issuers.maskinporten, 'https://api.example.test', 60]);
  await assert.rejects(
    ask('demo:feed/closed'),
    (error) => error instanceof TokenRequestFailed && error.kind === 'policy',
  );
});

test('sides-agree: ID-porten offers and orders the levels that our client knows', async () => {
  const { client, metadata } = await signIn(PEOPLE[0]);
  client.close();
  const order = ['selfregistered-email', 'idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'];
  const eidas = ['eidas-loa-low', 'eidas-loa-substantial', 'eidas-loa-high'];
  assert.deepEqual(metadata.levels?.toSorted(), [...order, ...eidas].toSorted());
  for (const asked of ['idporten-loa-substantial', 'idporten-loa-high']) {
    for (const reached of ['idporten-loa-substantial', 'idporten-loa-high']) {
      const hint = `testid:${PID}_${reached}`;
      const query = new URLSearchParams({ client_id: 'portal', login_hint: hint, acr_values: asked });
      for (const [name, value] of Object.entries(REQUEST)) query.set(name, value);
      const url = `${metadata.endpoint('authorization_endpoint')}?${query.toString()}`;
      const answer = await providers.fetch(url, { redirect: 'manual' });
      const { searchParams } = new URL(answer.headers.get('location') ?? 'none:');
      assert.equal(searchParams.has('code'), satisfiesLevel(asked, reached), `${reached} for ${asked}`);
    }
  }
});

const REQUEST = {
  response_type: 'code',
  redirect_uri: 'http://127.0.0.1:7500/oauth2/callback',
  scope: 'openid',
  state: 'state-of-this-test',
  nonce: 'nonce-of-this-test',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};
