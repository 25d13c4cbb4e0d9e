import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { algorithmsOf } from '../../oauth/algorithms.ts';
import { verifySignature } from '../../oauth/jws.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import { MASKINPORTEN_X5C_ORGNO } from '../unconfirmed.ts';
import { Refusal } from './refusal.ts';

/** Whose certificate has to have signed an assertion, and what it has to lead up to. `now` in seconds. */
export interface CertificateCheck {
  readonly client: string;
  readonly orgno: string;
  readonly roots: readonly X509Certificate[];
  readonly now: number;
}

const MAX_CHAIN = 5;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const WEAK_HASH = /md[245]|sha-?1(?!\d)/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The key of the business certificate that an assertion brought in `x5c` (RFC 7515 4.1.6): the chain leads up to a trusted root
 * (RFC 5280 6.1: signatures, validity, CA flags), holds RSA keys of 2048 bits and more, and names the client's organisation.
 * Throws `certificate-malformed`, `certificate-refused` or `certificate-of-other`.
 */
export function certificateKey(jwt: UnverifiedJwt, check: CertificateCheck): KeyObject {
  const values = { client: check.client };
  const chain = readChain(jwt.header['x5c']);
  const [leaf] = chain;
  if (leaf === undefined) throw new Refusal('certificate-malformed', values);
  const why = whyRefused(leaf, chain, check);
  if (why !== undefined) throw new Refusal('certificate-refused', { ...values, why });
  if (organisationOf(leaf) !== check.orgno) throw new Refusal('certificate-of-other', values);
  return leaf.publicKey;
}

/** Whether the key of a certificate signed an assertion; its algorithm has been judged before. */
export function isSignedByCertificate(jwt: UnverifiedJwt, key: KeyObject): boolean {
  return verifySignature(jwt.jws, { kid: undefined, algorithms: algorithmsOf('RSA'), key });
}

/** Empty for anything that is no list of certificates. */
function readChain(x5c: unknown): readonly X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length > MAX_CHAIN) return [];
  const read = x5c.map(readCertificate);
  const chain = read.filter((certificate) => certificate !== undefined);
  return chain.length === read.length ? chain : [];
}

function readCertificate(text: unknown): X509Certificate | undefined {
  if (typeof text !== 'string' || !BASE64.test(text)) return undefined;
  const der = Buffer.from(text, 'base64');
  try {
    const certificate = new X509Certificate(der);
    // PEM inside base64, or bytes after the certificate, would parse too.
    return certificate.raw.equals(der) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function whyRefused(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  { roots, now }: CertificateCheck,
): string | undefined {
  if (leaf.ca) return 'it is a CA';
  const last = chain.at(-1) ?? leaf;
  const root = roots.find((each) => each.raw.equals(last.raw)) ?? roots.find((each) => isIssuedBy(last, each));
  if (root === undefined) return 'its issuer is not trusted';
  const path = root.raw.equals(last.raw) ? chain : [...chain, root];
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1];
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) return 'the chain is broken';
    if (certificate.validFromDate.getTime() / 1000 > now || certificate.validToDate.getTime() / 1000 < now) {
      return 'it is not valid at this time';
    }
    if (!isStrong(certificate)) return 'its key or signature is too weak, or not RSA';
  }
  return undefined;
}

/** Names, key usage and CA flag fit, and the signature is right. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isStrong({ publicKey, signatureAlgorithm = '' }: X509Certificate): boolean {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  const strong = bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
  return publicKey.asymmetricKeyType === 'rsa' && strong && !WEAK_HASH.test(signatureAlgorithm);
}

/** The first of the places that holds an organisation number. */
function organisationOf(leaf: X509Certificate): string | undefined {
  const lines = leaf.subject.split('\n');
  for (const name of MASKINPORTEN_X5C_ORGNO) {
    const prefix = name === 'serialNumber' ? 'serialNumber=' : 'organizationIdentifier=NTRNO-';
    const found = lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
    if (found !== undefined && /^\d{9}$/.test(found)) return found;
  }
  return undefined;
}
