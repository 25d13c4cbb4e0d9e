/**
 * Bytes as they are kept for long: a string with one in each character. A small buffer of its own costs several times as much,
 * and one from the pool holds on to all of the pool. A copy: the caller may go on using its buffer.
 */
export function pack(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** The bytes again, in a buffer of the caller's own. */
export function unpack(packed: string): Buffer {
  return Buffer.from(packed, 'latin1');
}
