// oxlint-disable-next-line import/no-unassigned-import -- the x509 library throws unless this polyfill was loaded before it
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { JsonName } from '@peculiar/x509';
import { pemOf, validity } from '../keys/certificates.ts';
import type { CertificateAndKey } from '../keys/certificates.ts';

type Usage = 'certSign' | 'signature' | 'encryption';

/** A certificate that no honest authority would make, or at least ours would not. */
export interface OddCertificate {
  readonly name: JsonName;
  /** Self-signed without one. */
  readonly issuer?: CertificateAndKey;
  readonly ca: boolean;
  readonly pathLength?: number;
  /** What the key may do; `certSign` unless told. */
  readonly usage?: Usage;
  /** Object identifier of a critical extension that nobody knows. */
  readonly critical?: string;
}

const USAGES: Readonly<Record<Usage, KeyUsageFlags>> = {
  certSign: KeyUsageFlags.keyCertSign,
  signature: KeyUsageFlags.digitalSignature,
  encryption: KeyUsageFlags.keyEncipherment,
};
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** Makes it, in force for a year. `now` in seconds. */
export async function makeOddCertificate(odd: OddCertificate, now: number): Promise<CertificateAndKey> {
  const keys = await crypto.subtle.generateKey(
    { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const issuer = odd.issuer === undefined ? undefined : new X509Certificate(odd.issuer.certPem);
  const signingKey =
    odd.issuer === undefined
      ? keys.privateKey
      : await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(odd.issuer.keyPem), RSA, false, ['sign']);
  const certificate = await X509CertificateGenerator.create({
    subject: odd.name,
    issuer: issuer?.subject ?? odd.name,
    ...validity(now, 365),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: RSA,
    extensions: [
      new BasicConstraintsExtension(odd.ca, odd.pathLength, true),
      new KeyUsagesExtension(USAGES[odd.usage ?? 'certSign'], true),
      await AuthorityKeyIdentifierExtension.create(issuer?.publicKey ?? keys.publicKey),
      ...(odd.critical === undefined ? [] : [new Extension(odd.critical, true, new Uint8Array([5, 0]))]),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}
