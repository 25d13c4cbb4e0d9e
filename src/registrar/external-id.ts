import { createHash } from 'node:crypto';
import type { AppId } from '../registry/app-id.ts';

/** Our name space for UUIDs made from names. */
const NAMESPACE = Buffer.from('5f2e7c1a9b4d4e8fa6c30d1b7e9245f1', 'hex');

/** The id a local provider knows an app by: a UUID of version 5 (RFC 9562 section 5.5), the same after every wipe of the state. */
export function externalId(app: AppId, what: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(`${app}/${what}`).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
