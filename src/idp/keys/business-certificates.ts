// oxlint-disable-next-line import/no-unassigned-import -- the x509 library throws unless this polyfill was loaded before it
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { JsonName } from '@peculiar/x509';
import { pemOf, validity } from './certificates.ts';
import type { CertificateAndKey } from './certificates.ts';

/** What a test business certificate says. Days may be negative: expired certificates are made that way. */
export interface BusinessSubject {
  readonly orgno: string;
  /** Where the organisation number stands: subject `serialNumber`, or `organizationIdentifier` as in newer certificates. */
  readonly orgnoIn?: 'serialNumber' | 'organizationIdentifier';
  readonly days?: number;
  /** RSA unless given; its size is 2048 unless given. */
  readonly key?: 'rsa' | 'ec';
  readonly bits?: number;
}

const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 397;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const EC = { name: 'ECDSA', namedCurve: 'P-256' };

/** A CA for business certificates of tests; RSA, as the real ones are. `now` in seconds. */
export async function makeBusinessAuthority(now: number): Promise<CertificateAndKey> {
  const keys = await makeKeys({});
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Fullmakt local business certificate CA',
    ...validity(now, AUTHORITY_DAYS),
    keys,
    signingAlgorithm: RSA,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}

/** A business certificate of an organisation, with its key. `now` in seconds. */
export async function makeBusinessCertificate(
  authority: CertificateAndKey,
  subject: BusinessSubject,
  now: number,
): Promise<CertificateAndKey> {
  const issuer = new X509Certificate(authority.certPem);
  const issuerKey = PemConverter.decodeFirst(authority.keyPem);
  const keys = await makeKeys(subject);
  const certificate = await X509CertificateGenerator.create({
    subject: nameOf(subject),
    issuer: issuer.subject,
    ...validity(now, subject.days ?? LEAF_DAYS),
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', issuerKey, RSA, false, ['sign']),
    signingAlgorithm: RSA,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}

function nameOf({ orgno, orgnoIn = 'serialNumber' }: BusinessSubject): JsonName {
  const common = [`Synthetic ${orgno}`];
  const number: Record<string, string[]> =
    orgnoIn === 'serialNumber' ? { '2.5.4.5': [orgno] } : { '2.5.4.97': [`NTRNO-${orgno}`] };
  return [{ C: ['NO'] }, { O: common }, number, { CN: common }];
}

interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

async function makeKeys({ key = 'rsa', bits = 2048 }: Pick<BusinessSubject, 'key' | 'bits'>): Promise<KeyPair> {
  if (key === 'ec') return await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const rsa = { ...RSA, modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) };
  return await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
}
