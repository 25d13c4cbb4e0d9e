import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { importSigningKey } from '../../oauth/jwk.ts';
import { issueBusinessCertificate, readBusinessRoots } from '../keys/business-ca.ts';
import { StateFileDamaged } from '../state/files.ts';
import type { CertificateAndKey } from '../keys/certificates.ts';
import { makeOddCertificate } from '../testing/authorities.ts';
import type { OddCertificate } from '../testing/authorities.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { CLIENTS } from '../testing/rows.ts';
import { claimsOf } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
const elsewhere = await mkdtemp(join(tmpdir(), 'fullmakt-idp-'));
after(async () => {
  await world.close();
  await rm(elsewhere, { recursive: true, force: true });
});

const { ask, certified, refusal, sign } = createCaller(world);
const own = await issueBusinessCertificate(world.stateDir, { orgno: '310000019' }, world.clock.now);
const ownKey = importSigningKey({ ...own.jwk, kid: 'unnamed' });
const rootFile = join(world.stateDir, 'virksomhet-ca.pem');
const ca = {
  certPem: await readFile(rootFile, 'utf8'),
  keyPem: await readFile(join(world.stateDir, 'virksomhet-ca.key'), 'utf8'),
};
const outcome = async (assertion: Promise<string>): Promise<string> => (await refusal(await assertion))[0];

test('maskinporten-24-keys: a chain to the local root proves a client without keys, told as virksomhetssertifikat', async () => {
  const { status, body } = await ask(await certified({}, { x5c: own.x5c, key: ownKey }));
  assert.equal(status, 200, JSON.stringify(body));
  const claims = claimsOf(body['access_token']);
  assert.deepEqual([claims['client_amr'], claims['client_id']], ['virksomhetssertifikat', CLIENTS.certified]);
});

test('maskinporten-24-keys: the root may be left out of x5c', async () => {
  assert.equal((await ask(await certified({}, { x5c: own.x5c.slice(0, 1), key: ownKey }))).status, 200);
});

test('maskinporten-24-keys: the organisation number may stand in organizationIdentifier', async () => {
  assert.equal((await ask(await certified({ orgnoIn: 'organizationIdentifier' }))).status, 200);
});

test('maskinporten-24-keys: a kid without a certificate is unknown, and neither of both is MP-123', async () => {
  assert.equal(await outcome(sign({ iss: CLIENTS.certified })), '400 invalid_grant -');
  assert.equal(await outcome(certified({}, { x5c: undefined })), '400 invalid_grant MP-123');
});

test('maskinporten-24-keys: MP-120 for another CA, a time outside, a CA, weak and elliptic keys, a chain in disorder', async () => {
  const [leaf = '', root = ''] = own.x5c;
  const bad = [
    certified({}, { stateDir: elsewhere }),
    certified({ days: -0.5 }),
    certified({ bits: 1024 }, { key: ownKey }),
    certified({ key: 'ec' }, { key: ownKey }),
    certified({}, { x5c: [root], key: ownKey }),
    certified({}, { x5c: [leaf, leaf, root], key: ownKey }),
    certified({}, { x5c: [leaf, root, leaf], key: ownKey }),
  ];
  for (const assertion of bad) assert.equal(await outcome(assertion), '400 invalid_grant MP-120');
});

const OURS = [{ CN: ['Synthetic'] }, { '2.5.4.5': ['310000019'] }];
const odd = (change: Partial<OddCertificate> = {}): Promise<CertificateAndKey> =>
  makeOddCertificate({ name: OURS, issuer: ca, ca: false, usage: 'signature', ...change }, world.clock.now);
/** Presents certificates, the key of the first of which signs. */
function chained([leaf, ...above]: readonly [CertificateAndKey, ...CertificateAndKey[]]): Promise<string> {
  const x5c = [leaf, ...above].map(({ certPem }) => new X509Certificate(certPem).raw.toString('base64'));
  const key = importSigningKey({ ...createPrivateKey(leaf.keyPem).export({ format: 'jwk' }), kid: 'unnamed' });
  return certified({}, { x5c, key });
}
const present = (chain: Parameters<typeof chained>[0]): Promise<string> => outcome(chained(chain));

test('maskinporten-24-keys: MP-120 for a chain longer than its root allows, and for one over no CA (RFC 5280 6.1.4)', async () => {
  const name = [{ CN: ['Synthetic between'] }];
  const between = await odd({ name, ca: true, usage: 'certSign' });
  assert.equal(await present([await odd({ issuer: between }), between]), '400 invalid_grant MP-120');
  const powerless = await odd({ name, ca: true });
  assert.equal(await present([await odd({ issuer: powerless }), powerless]), '400 invalid_grant MP-120');
  const person = await odd({ name, usage: 'certSign' });
  assert.equal(await present([await odd({ issuer: person }), person]), '400 invalid_grant MP-120');
});

test('maskinporten-24-keys: a chain over a CA in between is good where the root allows one', async (t) => {
  t.after(() => writeFile(rootFile, ca.certPem));
  const name = [{ CN: ['Synthetic root'] }];
  const high = await makeOddCertificate({ name, ca: true, pathLength: 1 }, world.clock.now);
  await appendFile(rootFile, high.certPem);
  const between = await odd({
    name: [{ CN: ['Synthetic between'] }],
    issuer: high,
    ca: true,
    pathLength: 0,
    usage: 'certSign',
  });
  const leaf = await odd({ issuer: between });
  const claims = claimsOf((await ask(await chained([leaf, between]))).body['access_token']);
  assert.equal(claims['client_amr'], 'virksomhetssertifikat');
  assert.equal(await present([leaf]), '400 invalid_grant MP-120');
});

test('maskinporten-24-keys: MP-120 for a critical extension that nobody knows, and for a key that is not for signatures (RFC 5280 4.2)', async () => {
  assert.equal(await present([await odd({ critical: '1.2.3.4.5' })]), '400 invalid_grant MP-120');
  assert.equal(await present([await odd({ usage: 'encryption' })]), '400 invalid_grant MP-120');
});

test('maskinporten-24-keys: a certificate that is no CA is no root, though it stands in the file of roots', async (t) => {
  t.after(() => writeFile(rootFile, ca.certPem));
  const alone = await makeOddCertificate({ name: OURS, ca: false, usage: 'signature' }, world.clock.now);
  await appendFile(rootFile, alone.certPem);
  assert.equal(await present([alone]), '400 invalid_grant MP-120');
});

test('maskinporten-24-keys: the number is found wherever in the name it stands, and only as that attribute says it', async () => {
  const NUMBERS: readonly (readonly [OddCertificate['name'], string])[] = [
    [[{ CN: ['x'], '2.5.4.5': ['310000019'] }], '200'],
    [[{ '2.5.4.5': ['UN:NO-9578-4050'] }, { '2.5.4.97': ['NTRNO-310000019'] }], '200'],
    [[{ '2.5.4.5': ['310000027'] }, { '2.5.4.97': ['NTRNO-310000019'] }], '400 invalid_grant MP-122'],
    [[{ '2.5.4.97': ['310000019'] }], '400 invalid_grant MP-122'],
    [[{ '2.5.4.97': ['NTRSE-310000019'] }], '400 invalid_grant MP-122'],
    [[{ CN: ['310000019'] }, { O: ['x\nserialNumber=310000019'] }], '400 invalid_grant MP-122'],
  ];
  for (const [name, expected] of NUMBERS) {
    const { status, body } = await ask(await chained([await odd({ name })]));
    const number =
      typeof body['error_uri'] === 'string' ? ` ${String(body['error'])} ${body['error_uri'].slice(-6)}` : '';
    assert.equal(`${status}${number}`, expected, JSON.stringify(name));
  }
});

test('maskinporten-24-keys: a certificate that is not in force yet, by the clock of the service, is MP-120', async (t) => {
  const assertion = await certified(
    {},
    { x5c: own.x5c, key: ownKey, claims: { iat: 1_700_000_000, exp: 1_700_000_030 } },
  );
  const { now } = world.clock;
  t.after(() => {
    world.clock.now = now;
  });
  world.clock.now = 1_700_000_000;
  assert.equal((await refusal(assertion))[0], '400 invalid_grant MP-120');
});

test('maskinporten-24-keys: MP-123 for anything that is no list of certificates in base64 DER (RFC 7515 4.1.6)', async () => {
  const [leaf = ''] = own.x5c;
  const der = Buffer.from(leaf, 'base64');
  const bad = [
    [],
    [1],
    ['MII'],
    ['not base64'],
    [leaf, ''],
    [` ${leaf}`],
    [leaf.replaceAll(/.{64}/g, '$&\n')],
    [`${leaf}====`],
    [der.toString('base64url')],
    [Buffer.concat([der, Buffer.from([0])]).toString('base64')],
    [Buffer.from(own.chainPem).toString('base64')],
    Array.from({ length: 6 }, () => leaf),
    leaf,
  ];
  for (const x5c of bad) assert.equal(await outcome(certified({}, { x5c, key: ownKey })), '400 invalid_grant MP-123');
});

test('maskinporten-24-keys: MP-124 when another key than the one in the certificate signed', async () => {
  assert.equal(await outcome(certified({}, { x5c: own.x5c, key: world.key })), '400 invalid_grant MP-124');
});

test('maskinporten-24-keys: roots that a user adds to the file are trusted from the next request on; a damaged file is named', async (t) => {
  await issueBusinessCertificate(elsewhere, { orgno: '310000019' }, world.clock.now);
  t.after(() => writeFile(rootFile, ca.certPem));
  await appendFile(rootFile, await readFile(join(elsewhere, 'virksomhet-ca.pem')));
  assert.equal((await readBusinessRoots(world.stateDir)).length, 2);
  assert.equal((await ask(await certified({}, { stateDir: elsewhere }))).status, 200);
  await writeFile(rootFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await assert.rejects(readBusinessRoots(world.stateDir), StateFileDamaged);
});

test('safety: the key of the CA for business certificates is for its owner only', async () => {
  assert.equal((await stat(join(world.stateDir, 'virksomhet-ca.key'))).mode & 0o777, 0o600);
});

test('maskinporten-24-keys: openssl agrees with the chain', async (t) => {
  const leaf = join(elsewhere, 'leaf.pem');
  await writeFile(leaf, own.chainPem);
  const args = ['verify', '-attime', String(world.clock.now), '-CAfile', rootFile, leaf];
  try {
    await promisify(execFile)('openssl', args);
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // In CI it never skips.
    if (!absent || process.env['CI'] !== undefined) throw error;
    t.skip('openssl is not installed (Debian: apt-get install openssl)');
  }
});
