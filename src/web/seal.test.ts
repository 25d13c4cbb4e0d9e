import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createSealer } from './seal.ts';

const KEY = randomBytes(32);
const OTHER = randomBytes(32);

test('opens what it sealed, for the same purpose and context only', () => {
  const sealer = createSealer([KEY]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), fc.string(), (plain, purpose, aad) => {
      const sealed = sealer.seal(purpose, plain, aad);
      assert.deepEqual(sealer.open(purpose, sealed, aad), Buffer.from(plain));
      assert.equal(sealer.open(`${purpose}x`, sealed, aad), undefined);
      assert.equal(sealer.open(purpose, sealed, `${aad}x`), undefined);
    }),
  );
});

test('does not confuse the end of the purpose with the start of the context', () => {
  const sealer = createSealer([KEY]);
  assert.equal(sealer.open('a', sealer.seal('ab', Buffer.from('x'), 'c'), 'bc'), undefined);
});

test('refuses a value with any bit changed, any byte lost, or another spelling', () => {
  const sealer = createSealer([KEY]);
  const sealed = sealer.seal('p', Buffer.from('secret'));
  const bytes = Buffer.from(sealed, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(sealer.open('p', changed.toString('base64url')), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length += 1)
    assert.equal(sealer.open('p', bytes.subarray(0, length).toString('base64url')), undefined);
  for (const spelling of [`${sealed}=`, ` ${sealed}`, `${sealed}\n`, bytes.toString('base64')])
    if (spelling !== sealed) assert.equal(sealer.open('p', spelling), undefined);
});

test('answers any text with nothing', () => {
  const sealer = createSealer([KEY]);
  fc.assert(fc.property(fc.string(), (text) => assert.equal(sealer.open('p', text), undefined)));
  fc.assert(fc.property(fc.base64String(), (text) => assert.equal(sealer.open('p', text), undefined)));
});

test('seals with the first key and opens with every key of the ring, so that keys can change', () => {
  const before = createSealer([KEY]).seal('p', Buffer.from('x'));
  const after = createSealer([OTHER, KEY]);
  assert.equal(after.open('p', before)?.toString(), 'x');
  assert.equal(createSealer([KEY]).open('p', after.seal('p', Buffer.from('y'))), undefined);
  assert.equal(createSealer([OTHER]).open('p', before), undefined);
});

test('writes version 1 and the key id, and never the same text twice', () => {
  const sealer = createSealer([KEY]);
  const bytes = Buffer.from(sealer.seal('p', Buffer.alloc(69)), 'base64url');
  assert.equal(bytes[0], 1);
  assert.deepEqual(bytes.subarray(1, 5), createHash('sha256').update(KEY).digest().subarray(0, 4));
  assert.equal(bytes.length, 1 + 4 + 12 + 69 + 16);
  assert.notEqual(sealer.seal('p', Buffer.from('x')), sealer.seal('p', Buffer.from('x')));
});

test('refuses a ring without keys and a key of another length', () => {
  assert.throws(() => createSealer([]));
  assert.throws(() => createSealer([KEY, randomBytes(16)]));
});

test('takes another ring while in use: what old keys sealed opens as long as they are on it', () => {
  const sealer = createSealer([KEY]);
  const sealed = sealer.seal('p', Buffer.from('x'));
  sealer.replace([OTHER, KEY]);
  assert.deepEqual(sealer.open('p', sealed), Buffer.from('x'));
  assert.deepEqual(createSealer([OTHER]).open('p', sealer.seal('p', Buffer.from('y'))), Buffer.from('y'));
  assert.throws(() => sealer.replace([]), /at least one key/);
  assert.throws(() => sealer.replace([Buffer.alloc(31)]), /32 bytes/);
  assert.deepEqual(sealer.open('p', sealed), Buffer.from('x'));
  sealer.replace([OTHER]);
  assert.equal(sealer.open('p', sealed), undefined);
});
