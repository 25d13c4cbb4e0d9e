// oxlint-disable-next-line import/no-unassigned-import -- the x509 library throws unless this polyfill was loaded before it
import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { PrivateJwk } from '../../oauth/jwk.ts';

/** A certificate and its private key (PKCS #8), both PEM. */
export interface CertificateAndKey {
  readonly certPem: string;
  readonly keyPem: string;
}

const DAY = 24 * 60 * 60;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 397;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** A CA that can vouch for this machine's own names and the hosts given, only (RFC 5280 4.2.1.10). `now` in seconds. */
export async function makeAuthority(now: number, hosts: readonly string[]): Promise<CertificateAndKey> {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Fullmakt local development CA',
    ...validity(now, AUTHORITY_DAYS),
    keys,
    signingAlgorithm: EC,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new Extension('2.5.29.30', true, AsnConvert.serialize(only(hosts))),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}

/** A server certificate for localhost, 127.0.0.1, ::1 and the hosts given, 397 days. */
export async function makeLeaf(
  authority: CertificateAndKey,
  now: number,
  hosts: readonly string[],
): Promise<CertificateAndKey> {
  const issuer = new X509Certificate(authority.certPem);
  const signingKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.keyPem), EC, false, [
    'sign',
  ]);
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: issuer.subject,
    ...validity(now, LEAF_DAYS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: EC,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
        ...hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}

/** A self-signed certificate over an RSA signing key, as the base64 DER that `x5c` holds (RFC 7517 4.7). */
export async function selfSign(jwk: PrivateJwk, commonName: string, now: number): Promise<string> {
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  const scheme = jwk.kty === 'EC' ? EC : RSA;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', key.export({ format: 'der', type: 'pkcs8' }), scheme, false, ['sign']),
    crypto.subtle.importKey('spki', createPublicKey(key).export({ format: 'der', type: 'spki' }), scheme, true, [
      'verify',
    ]),
  ]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    ...validity(now, AUTHORITY_DAYS),
    keys: { privateKey, publicKey },
    signingAlgorithm: scheme,
  });
  return Buffer.from(certificate.rawData).toString('base64');
}

/** From yesterday, for clocks that are behind, until `days` from now. */
export function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date((now - DAY) * 1000), notAfter: new Date((now + days * DAY) * 1000) };
}

function only(hosts: readonly string[]): NameConstraints {
  const permitted = [
    { dNSName: 'localhost' },
    { iPAddress: '127.0.0.0/8' },
    { iPAddress: '::1/128' },
    // An address that is allowed here is a loopback one, and stands above.
    ...hosts.filter((host) => isIP(host) === 0).map((dNSName) => ({ dNSName })),
  ];
  return new NameConstraints({
    permittedSubtrees: new GeneralSubtrees(
      permitted.map((name) => new GeneralSubtree({ base: new GeneralName(name) })),
    ),
  });
}

/** A private key as PKCS #8 in PEM. */
export async function pemOf(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
