import { createHash } from 'node:crypto';

/** A GUID, in lower case. */
export const GUID: RegExp = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const DNS_NAMESPACE = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');

/** UUIDv5 of a name (RFC 9562 5.5, DNS namespace): the same name has the same one everywhere. */
export function uuidV5(name: string): string {
  return guidOf(createHash('sha1').update(DNS_NAMESPACE).update(name).digest(), 5);
}

/** The first 16 bytes as a GUID of a version (RFC 9562 4). */
export function guidOf(bytes: Buffer, version: 4 | 5): string {
  const id = Buffer.from(bytes.subarray(0, 16));
  id[6] = ((id[6] ?? 0) & 0x0f) | (version << 4);
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
