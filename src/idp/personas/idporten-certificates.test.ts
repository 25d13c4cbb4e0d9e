import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importSigningKey } from '../../oauth/jwk.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import { issueBusinessCertificate } from '../keys/business-ca.ts';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, claimsOf, codeAt, redeem } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

/** A key and the header that shows its certificate. */
interface Certified {
  readonly key: SigningKey;
  readonly x5c: readonly string[];
}

async function certify(orgno: string, days = 30): Promise<Certified> {
  const { jwk, x5c } = await issueBusinessCertificate(world.stateDir, { orgno, days }, world.clock.now);
  return { key: importSigningKey({ ...jwk, alg: 'RS256', kid: 'of the certificate' }), x5c };
}

const own = await certify('310000019');
const others = await certify('310000027');
const keyless = registerIdporten(world, 'keyless', {}, []);

async function assertionOf({ key }: Certified, header: Record<string, unknown>, clientId = keyless): Promise<string> {
  const now = world.clock.now;
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: ISSUERS.idporten,
    iat: now,
    exp: now + 120,
    jti: crypto.randomUUID(),
  };
  return await signJws({ typ: 'JWT', kid: undefined, ...header }, claims, key);
}

/** Status and error of a refresh with an unknown token: 400 says that the client has proven itself. */
async function asked(client_assertion: string, clientId = keyless): Promise<string> {
  const fields = { grant_type: 'refresh_token', refresh_token: 'x', client_assertion };
  const { status, body } = await askToken(world, fields, clientId);
  return `${status} ${String(body['error'])}`;
}

test('idporten-05-assertion: a business certificate of its organisation stands for a client without keys; client_amr says so', async () => {
  const client_assertion = await assertionOf(own, { x5c: own.x5c });
  const fields = { ...redeem(await codeAt(world, { client_id: keyless })), client_assertion };
  const { status, body } = await askToken(world, fields, keyless);
  assert.equal(status, 200);
  assert.equal(claimsOf(body['access_token'])['client_amr'], 'virksomhetssertifikat');
  assert.equal(await asked(client_assertion), '401 invalid_client', 'jti used');
});

test('idporten-05-assertion: another organisation, another key, no chain or a broken one is invalid_client', async () => {
  const refused = '401 invalid_client';
  assert.equal(await asked(await assertionOf(own, { x5c: own.x5c })), '400 invalid_grant', 'as it has to be');
  assert.equal(await asked(await assertionOf(others, { x5c: others.x5c })), refused, 'of another organisation');
  assert.equal(await asked(await assertionOf(others, { x5c: own.x5c })), refused, 'signed by another key');
  assert.equal(await asked(await assertionOf(own, {})), refused, 'neither kid nor x5c');
  assert.equal(await asked(await assertionOf(own, { x5c: ['AAAA'] })), refused, 'no certificate');
  assert.equal(await asked(await assertionOf(own, { x5c: own.x5c.toReversed() })), refused, 'the CA first');
  const expired = await certify('310000019', -1);
  assert.equal(await asked(await assertionOf(expired, { x5c: expired.x5c })), refused, 'out of date');
});

test('idporten-05-assertion: a client with registered keys has to name one of them', async () => {
  const client_assertion = await assertionOf(own, { x5c: own.x5c }, CLIENTS.portal);
  assert.equal(await asked(client_assertion, CLIENTS.portal), '401 invalid_client');
});

test('idporten-05-assertion: 10 seconds of skew are forgiven either way, 11 are not; typ names a JWT for clients or nothing', async () => {
  const sign = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> => {
    const now = world.clock.now;
    const base = { iss: CLIENTS.portal, sub: CLIENTS.portal, aud: ISSUERS.idporten, iat: now, exp: now + 30 };
    const token = await signJws(header, { ...base, jti: crypto.randomUUID(), ...claims }, world.key);
    return await asked(token, CLIENTS.portal);
  };
  const { now } = world.clock;
  const [good, refused] = ['400 invalid_grant', '401 invalid_client'];
  assert.equal(await sign({ iat: now + 10, exp: now + 130 }), good);
  assert.equal(await sign({ iat: now + 11, exp: now + 131 }), refused);
  assert.equal(await sign({ iat: now - 100, exp: now - 9 }), good);
  assert.equal(await sign({ iat: now - 100, exp: now - 10 }), refused);
  assert.equal(await sign({ nbf: now }), good);
  assert.equal(await sign({ nbf: now + 11 }), refused);
  assert.equal(await sign({}, { typ: 'client-authentication+jwt' }), good);
  assert.equal(await sign({}, { typ: 'JWT' }), good);
  assert.equal(await sign({}, { typ: 'at+jwt' }), refused);
  assert.equal(await sign({ jti: 'its only use' }), good);
  assert.equal(await sign({ jti: 'its only use' }), refused);
});
