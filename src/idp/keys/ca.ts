import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readIfThere, StateFileDamaged, writeWhole } from '../state/files.ts';

/** A private certificate authority and the certificate for this machine's names under it, as PEM. */
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
 * The private CA of a state folder and a leaf for localhost, 127.0.0.1, ::1 and the hosts named: made at first use, remade when less
 * than 30 days are left, and both of them for a host that the leaf does not have yet. `now` is seconds since the epoch. Throws
 * StateFileDamaged for a file that is no certificate, and for a key that is not its certificate's.
 */
export async function ensurePrivateCa(
  stateDir: string,
  now: number,
  hosts: readonly string[] = [],
): Promise<PrivateCa> {
  const files = {
    ca: join(stateDir, 'ca.pem'),
    caKey: join(stateDir, 'ca.key'),
    leaf: join(stateDir, 'localhost.pem'),
    leafKey: join(stateDir, 'localhost.key'),
  };
  const [caPem, caKey, certPem, keyPem] = await Promise.all(Object.values(files).map(readIfThere));
  const ca = readPair({ file: files.ca, pem: caPem }, { file: files.caKey, pem: caKey });
  const leafNow = readPair({ file: files.leaf, pem: certPem }, { file: files.leafKey, pem: keyPem });
  // The CA may vouch for the names of its leaf and no others, so a new name takes a new one.
  const named = hosts.every((host) => leafNow !== undefined && covers(leafNow, host));
  const caLives = named && secondsLeft(ca, now) > REMAKE_BELOW;
  const leafLives = named && secondsLeft(leafNow, now) > REMAKE_BELOW;
  if (caLives && leafLives && caPem !== undefined && certPem !== undefined && keyPem !== undefined) {
    return { caPem, certPem, keyPem, caFile: files.ca };
  }
  // The library costs 35 ms and 15 packages, so it is loaded only when there is something to make.
  const { makeAuthority, makeLeaf } = await import('./certificates.ts');
  const authority =
    caLives && caPem !== undefined && caKey !== undefined
      ? { certPem: caPem, keyPem: caKey }
      : await makeAuthority(now, hosts);
  const leaf = await makeLeaf(authority, now, hosts);
  await writeWhole(files.caKey, authority.keyPem, 0o600);
  await writeWhole(files.ca, authority.certPem, 0o644);
  await writeWhole(files.leafKey, leaf.keyPem, 0o600);
  await writeWhole(files.leaf, leaf.certPem, 0o644);
  return { caPem: authority.certPem, ...leaf, caFile: files.ca };
}

interface PemFile {
  readonly file: string;
  readonly pem: string | undefined;
}

/** A certificate whose key is there too; undefined when either is missing. */
function readPair(certificate: PemFile, key: PemFile): X509Certificate | undefined {
  const [{ pem }, { pem: keyPem }] = [certificate, key];
  if (pem === undefined) return undefined;
  const read = readable(certificate.file, 'not a certificate in PEM', () => new X509Certificate(pem));
  if (keyPem === undefined) return undefined;
  const its = readable(key.file, 'not a private key in PEM', () => createPrivateKey(keyPem));
  if (!read.checkPrivateKey(its)) throw new StateFileDamaged(key.file, `not the key of ${certificate.file}`);
  return read;
}

function readable<T>(file: string, why: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StateFileDamaged(file, why, error);
  }
}

function covers(leaf: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never' }) : leaf.checkIP(host)) !== undefined;
}

function secondsLeft(certificate: X509Certificate | undefined, now: number): number {
  return certificate === undefined ? 0 : Date.parse(certificate.validTo) / 1000 - now;
}
