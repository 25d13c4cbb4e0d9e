import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { BusinessSubject } from './business-certificates.ts';
import type { CertificateAndKey } from './certificates.ts';
import { readIfThere, StateFileDamaged, writeWhole } from '../state/files.ts';

/** A business certificate for tests, in every form a client may want it. */
export interface BusinessCertificate {
  /** The certificate and its CA, PEM. */
  readonly chainPem: string;
  /** PKCS #8, PEM. */
  readonly keyPem: string;
  /** The chain as the `x5c` header of an assertion holds it (RFC 7515 4.1.6). */
  readonly x5c: readonly string[];
  /** The private key as a JWK, `x5c` included. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/**
 * The certificates that business certificates have to lead up to: all in `virksomhet-ca.pem` of the state folder, so that a user may
 * add more. None before the first certificate was issued. Throws StateFileDamaged.
 */
export async function readBusinessRoots(stateDir: string): Promise<readonly X509Certificate[]> {
  const { ca } = filesOf(stateDir);
  return blocksOf(await readIfThere(ca)).map((pem) => parseCertificate(ca, pem));
}

/** Issues a business certificate under the CA of the state folder, which is made at first use. `now` in seconds. Throws StateFileDamaged. */
export async function issueBusinessCertificate(
  stateDir: string,
  subject: BusinessSubject,
  now: number,
): Promise<BusinessCertificate> {
  // The library is slow to load, and few ever ask for a certificate.
  const { makeBusinessCertificate } = await import('./business-certificates.ts');
  const authority = await ensureBusinessCa(stateDir, now);
  const { certPem, keyPem } = await makeBusinessCertificate(authority, subject, now);
  const root = parseCertificate(filesOf(stateDir).ca, authority.certPem);
  const x5c = [new X509Certificate(certPem), root].map(({ raw }) => raw.toString('base64'));
  const jwk = { ...createPrivateKey(keyPem).export({ format: 'jwk' }), x5c };
  return { chainPem: `${certPem.trimEnd()}\n${authority.certPem.trimEnd()}\n`, keyPem, x5c, jwk };
}

/** The certificate that the key belongs to may stand anywhere among those that a user has put into the file. */
async function ensureBusinessCa(stateDir: string, now: number): Promise<CertificateAndKey> {
  const { ca, key } = filesOf(stateDir);
  const [roots, keyPem] = await Promise.all([readIfThere(ca), readIfThere(key)]);
  if (keyPem !== undefined) {
    const privateKey = parseKey(key, keyPem);
    const certPem = blocksOf(roots).find((pem) => parseCertificate(ca, pem).checkPrivateKey(privateKey));
    if (certPem !== undefined) return { certPem, keyPem };
  }
  const { makeBusinessAuthority } = await import('./business-certificates.ts');
  const made = await makeBusinessAuthority(now);
  await writeWhole(key, made.keyPem, 0o600);
  await writeWhole(ca, [...blocksOf(roots), made.certPem.trimEnd(), ''].join('\n'), 0o644);
  return made;
}

function blocksOf(text = ''): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function filesOf(stateDir: string): { readonly ca: string; readonly key: string } {
  return { ca: join(stateDir, 'virksomhet-ca.pem'), key: join(stateDir, 'virksomhet-ca.key') };
}

function parseCertificate(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new StateFileDamaged(file, 'not a certificate in PEM', error);
  }
}

function parseKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new StateFileDamaged(file, 'not a private key in PEM', error);
  }
}
