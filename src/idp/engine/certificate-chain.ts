import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { algorithmsOf } from '../../oauth/algorithms.ts';
import { verifySignature } from '../../oauth/jws.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import type { CertificateDetails } from '../keys/certificate-details.ts';
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
/** Where the name of a subject holds an organisation number, by object identifier, and how. */
const ORGANISATION = {
  serialNumber: ['2.5.4.5', /^(\d{9})$/],
  organizationIdentifier: ['2.5.4.97', /^NTRNO-(\d{9})$/],
} as const;

/**
 * The key of the business certificate that an assertion brought in `x5c` (RFC 7515 4.1.6): the chain leads up to a trusted root
 * (RFC 5280 6.1: signatures, validity, CA flags, path length, critical extensions, key usage), holds RSA keys of 2048 bits and more,
 * and names the client's organisation. Throws `certificate-malformed`, `certificate-refused` or `certificate-of-other`.
 */
export async function certificateKey(jwt: UnverifiedJwt, check: CertificateCheck): Promise<KeyObject> {
  const values = { client: check.client };
  const chain = readChain(jwt.header['x5c']);
  const [leaf] = chain;
  if (leaf === undefined) throw new Refusal('certificate-malformed', values);
  const path = pathOf(leaf, chain, check.roots);
  const why = path === undefined ? 'no trusted CA issued it' : whyRefused(path, check.now);
  if (path === undefined || why !== undefined) throw new Refusal('certificate-refused', { ...values, why: why ?? '' });
  // The library is slow to load, and few clients have certificates.
  const { readCertificateDetails } = await import('../keys/certificate-details.ts');
  const details = path.map(({ raw }) => readCertificateDetails(new Uint8Array(raw)));
  const limit = whyBeyond(details);
  if (limit !== undefined) throw new Refusal('certificate-refused', { ...values, why: limit });
  if (organisationOf(details) !== check.orgno) throw new Refusal('certificate-of-other', values);
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
  if (typeof text !== 'string') return undefined;
  const der = Buffer.from(text, 'base64');
  try {
    const certificate = new X509Certificate(der);
    // Neither other spellings of the same bytes, nor PEM inside base64, nor bytes after the certificate.
    return certificate.raw.toString('base64') === text ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** From the leaf to a trusted CA, which the chain may leave out; undefined when there is none. */
function pathOf(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const last = chain.at(-1) ?? leaf;
  const authorities = roots.filter(({ ca }) => ca);
  if (authorities.some(({ raw }) => raw.equals(last.raw))) return chain;
  const root = authorities.find((each) => isIssuedBy(last, each));
  return root === undefined ? undefined : [...chain, root];
}

function whyRefused(path: readonly X509Certificate[], now: number): string | undefined {
  if (path[0]?.ca === true) return 'it is a CA';
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

/** What certificates say about their own limits, the leaf first. */
function whyBeyond(path: readonly CertificateDetails[]): string | undefined {
  if (path[0]?.signs === false) return 'its key is not for signatures';
  if (path.some(({ beyondUs }) => beyondUs)) return 'an extension that is critical is not understood';
  const tooLong = path.some(({ pathLength = Infinity }, index) => index - 1 > pathLength);
  return tooLong ? 'the chain is longer than one of its CAs allows' : undefined;
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
function organisationOf([leaf]: readonly CertificateDetails[]): string | undefined {
  for (const name of MASKINPORTEN_X5C_ORGNO) {
    const [type, form] = ORGANISATION[name];
    const [found] = leaf?.subject(type).flatMap((value) => form.exec(value)?.[1] ?? []) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}
