import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startBeside } from './beside.ts';
import type { Beside } from './beside.ts';
import type { Order, Outcome, Proof } from './azure-identity-client.ts';
import { API, CLOSED, DESK, employeeToken, MIDDLE, ownAssertion, startDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { now, TENANT } from './providers.ts';
import { SECRET } from './rows.ts';

let desk: Desk;
let azure: Beside<Order, Outcome>;
let folder: string;

before(async () => {
  desk = await startDesk();
  folder = await mkdtemp(join(tmpdir(), 'fullmakt-azure-'));
  await writeFile(join(folder, 'desk.pem'), desk.keyPem + desk.certificatePem, { mode: 0o600 });
  azure = startBeside('azure-identity-client.ts', desk.providers.caFile);
});
after(async () => {
  await azure.close();
  await desk.providers.close();
  await rm(folder, { recursive: true });
});

function order(change: Partial<Order> & Pick<Order, 'proof'>): Order {
  const authorityHost = desk.providers.entraOrigin;
  return { authorityHost, tenantId: TENANT, clientId: DESK, scope: `api://${API}/.default`, ...change };
}

async function token(change: Parameters<typeof order>[0]): Promise<Extract<Outcome, { kind: 'token' }>> {
  const outcome = await azure.ask(order(change));
  assert.equal(outcome.kind, 'token', JSON.stringify(outcome));
  return outcome;
}

async function refusal(change: Parameters<typeof order>[0]): Promise<Extract<Outcome, { kind: 'refused' }>> {
  const outcome = await azure.ask(order(change));
  assert.equal(outcome.kind, 'refused', JSON.stringify(outcome));
  return outcome;
}

const PROOFS: readonly (readonly [string, string, (clientId: string) => Promise<Proof>])[] = [
  ['ClientSecretCredential', '1', async () => ({ clientSecret: SECRET })],
  ['ClientCertificateCredential', '2', async () => ({ certificatePath: join(folder, 'desk.pem') })],
  [
    'ClientCertificateCredential with x5c',
    '2',
    async () => ({ certificatePath: join(folder, 'desk.pem'), sendCertificateChain: true }),
  ],
  ['ClientAssertionCredential', '2', async (clientId) => ({ assertion: await ownAssertion(desk, clientId) })],
];

for (const [name, azpacr, prove] of PROOFS) {
  test(`judges-azure-identity: ${name} gets an application token`, async () => {
    const { token: text, expiresAt } = await token({ proof: await prove(DESK) });
    const claims = decodeJwt(text);
    assert.partialDeepStrictEqual(claims, {
      iss: desk.providers.issuers.entra,
      aud: API,
      azp: DESK,
      azpacr,
      idtyp: 'app',
      roles: ['access_as_application', 'admin'],
    });
    assert.equal(decodeProtectedHeader(text).alg, 'RS256');
    assert.ok(Math.abs(expiresAt - (claims.exp ?? 0)) < 60, 'the library counts expires_in from its own clock');
    assert.ok(expiresAt > now());
  });

  test(`judges-azure-identity: OnBehalfOfCredential, proven as ${name} is, keeps the person and changes the audience`, async () => {
    const userAssertionToken = await employeeToken(desk);
    const { token: text } = await token({ clientId: MIDDLE, proof: await prove(MIDDLE), userAssertionToken });
    const [user, next] = [decodeJwt(userAssertionToken), decodeJwt(text)];
    assert.partialDeepStrictEqual(next, {
      aud: API,
      azp: MIDDLE,
      azpacr,
      scp: 'defaultaccess read',
      oid: user['oid'],
    });
    assert.equal(next['idtyp'], undefined);
  });
}

test('judges-azure-identity: shows AADSTS501051 for an API whose rules do not name the application', async () => {
  const { name, message } = await refusal({ proof: { clientSecret: SECRET }, scope: `api://${CLOSED}/.default` });
  assert.equal(name, 'AuthenticationRequiredError');
  assert.match(message, /AADSTS501051: /);
});

test('judges-azure-identity: shows AADSTS7000215 for a wrong secret', async () => {
  const { message } = await refusal({ proof: { clientSecret: 'wrong' } });
  assert.match(message, /AADSTS7000215: /);
});

test('judges-azure-identity: finds no endpoints for a tenant there is not', async () => {
  const { message } = await refusal({
    proof: { clientSecret: SECRET },
    tenantId: '00000000-0000-4000-8000-00000000dead',
  });
  assert.match(message, /endpoints_resolution_error/);
});

test('judges-azure-identity: without the private CA it does not speak to the local Entra ID', async (t) => {
  const trustless = startBeside<Order, Outcome>('azure-identity-client.ts', undefined);
  t.after(() => trustless.close());
  const outcome = await trustless.ask(order({ proof: { clientSecret: SECRET } }));
  assert.equal(outcome.kind, 'refused');
});
