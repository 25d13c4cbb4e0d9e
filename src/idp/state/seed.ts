import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { guidOf } from '../guid.ts';
import { readIfThere, StateFileDamaged, writeWhole } from './files.ts';

/** Names derived from 32 secret bytes: the same input gives the same name, also after a restart. */
export interface Seed {
  /** 43 base64url characters (HMAC-SHA-256). */
  name(...parts: readonly string[]): string;
  /** A GUID. */
  guid(...parts: readonly string[]): string;
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number, ...parts: readonly string[]): number;
}

/** The seed of a state folder (`seed`, 0600), made at first start. Throws StateFileDamaged for a file of the wrong shape. */
export async function loadSeed(stateDir: string): Promise<Seed> {
  const file = join(stateDir, 'seed');
  const text = await readIfThere(file);
  if (text !== undefined) {
    if (!/^[0-9a-f]{64}\s*$/.test(text)) throw new StateFileDamaged(file, 'not 64 hexadecimal digits');
    return createSeed(Buffer.from(text.trim(), 'hex'));
  }
  const secret = randomBytes(32);
  await writeWhole(file, `${secret.toString('hex')}\n`, 0o600);
  return createSeed(secret);
}

/** A seed over the given secret. */
function createSeed(secret: Uint8Array): Seed {
  const derive = (parts: readonly string[]): Buffer =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest();
  return {
    name: (...parts) => derive(parts).toString('base64url'),
    guid: (...parts) => guidOf(derive(parts), 4),
    integer: (from, to, ...parts) => from + (derive(parts).readUInt32BE(0) % (to - from + 1)),
  };
}
