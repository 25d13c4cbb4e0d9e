import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, StateFileDamaged, writeWhole } from './files.ts';

/** A private certificate authority and the certificate for localhost under it, as PEM. */
export interface PrivateCa {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** Path of `ca.pem`, for `NODE_EXTRA_CA_CERTS` and its relatives. */
  readonly caFile: string;
}

const DAY = 24 * 60 * 60;
const REMAKE_BELOW = 30 * DAY;

/**
 * The private CA of a state folder and a leaf for localhost, 127.0.0.1 and ::1: made at first use, remade when less than 30 days
 * are left. `now` is seconds since the epoch. Throws StateFileDamaged for a file that is no certificate.
 */
export async function ensurePrivateCa(stateDir: string, now: number): Promise<PrivateCa> {
  const files = {
    ca: join(stateDir, 'ca.pem'),
    caKey: join(stateDir, 'ca.key'),
    leaf: join(stateDir, 'localhost.pem'),
    leafKey: join(stateDir, 'localhost.key'),
  };
  const [caPem, caKey, certPem, keyPem] = await Promise.all(Object.values(files).map(readIfThere));
  const caLives = caKey !== undefined && secondsLeft(files.ca, caPem, now) > REMAKE_BELOW;
  const leafLives = keyPem !== undefined && secondsLeft(files.leaf, certPem, now) > REMAKE_BELOW;
  if (caLives && leafLives && caPem !== undefined && certPem !== undefined) {
    return { caPem, certPem, keyPem, caFile: files.ca };
  }
  // The library costs 35 ms and 15 packages, so it is loaded only when there is something to make.
  const { makeAuthority, makeLeaf } = await import('./certificates.ts');
  const authority = caLives && caPem !== undefined ? { certPem: caPem, keyPem: caKey } : await makeAuthority(now);
  const leaf = await makeLeaf(authority, now);
  await writeWhole(files.caKey, authority.keyPem, 0o600);
  await writeWhole(files.ca, authority.certPem, 0o644);
  await writeWhole(files.leafKey, leaf.keyPem, 0o600);
  await writeWhole(files.leaf, leaf.certPem, 0o644);
  return { caPem: authority.certPem, ...leaf, caFile: files.ca };
}

function secondsLeft(file: string, pem: string | undefined, now: number): number {
  if (pem === undefined) return 0;
  try {
    return Date.parse(new X509Certificate(pem).validTo) / 1000 - now;
  } catch (error) {
    throw new StateFileDamaged(file, 'not a certificate in PEM', error);
  }
}
