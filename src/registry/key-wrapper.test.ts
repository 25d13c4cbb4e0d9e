import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeyRing, createKeyWrapper } from './key-wrapper.ts';

const kek = Buffer.alloc(32, 7);

test('what was sealed comes back under the same key and the same associated data, whatever the bytes', () => {
  const wrapper = createKeyWrapper(kek);
  const property = fc.property(fc.uint8Array(), fc.string(), (plain, aad) => {
    assert.deepEqual(wrapper.unwrap(wrapper.wrap(plain, aad), aad), Buffer.from(plain));
  });
  fc.assert(property, { numRuns: 50 });
});

test('another key, other associated data or one changed bit is refused', () => {
  const wrapper = createKeyWrapper(kek);
  const sealed = wrapper.wrap(Buffer.from('private'), 'kid app');
  assert.throws(() => wrapper.unwrap(sealed, 'kid other'));
  assert.throws(() => createKeyWrapper(Buffer.alloc(32, 8)).unwrap(sealed, 'kid app'));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => wrapper.unwrap(changed, 'kid app'), `bit ${bit}`);
  }
});

test('the same text is never sealed the same way twice, and the id tells keys apart', () => {
  const wrapper = createKeyWrapper(kek);
  assert.notDeepEqual(wrapper.wrap(Buffer.of(1), ''), wrapper.wrap(Buffer.of(1), ''));
  assert.notEqual(wrapper.id, createKeyWrapper(Buffer.alloc(32, 8)).id);
  assert.throws(() => createKeyWrapper(Buffer.alloc(16)), RangeError);
});

/** What was sealed before sealed bytes said by which key: version 1, nonce, ciphertext, tag. */
function sealedUnnamed(key: Buffer, plain: string, aad: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([Buffer.of(1), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

test('K7: the first key of a ring seals, and each of them opens what it once sealed, named or not', () => {
  const old = Buffer.alloc(32, 1);
  const ring = createKeyRing([{ id: 'summer', key: kek }, { key: old }]);
  const alone = createKeyWrapper(old);
  assert.equal(ring.id, 'summer');
  assert.equal(ring.unwrap(alone.wrap(Buffer.from('old'), 'a'), 'a').toString(), 'old');
  assert.equal(ring.unwrap(sealedUnnamed(old, 'older', 'a'), 'a').toString(), 'older');
  assert.equal(ring.unwrap(sealedUnnamed(kek, 'older', 'a'), 'a').toString(), 'older');
  const sealed = ring.wrap(Buffer.from('new'), 'a');
  assert.equal(
    createKeyRing([{ key: old }, { id: 'summer', key: kek }])
      .unwrap(sealed, 'a')
      .toString(),
    'new',
  );
  assert.throws(() => alone.unwrap(sealed, 'a'), /sealed with the key-encryption key summer, which is not among/);
  assert.throws(() => alone.unwrap(sealedUnnamed(kek, 'x', 'a'), 'a'), /not among those given/);
});

test('K7: a ring without keys, with one id twice or an id that is no word is refused', () => {
  assert.throws(() => createKeyRing([]), RangeError);
  assert.throws(() => createKeyRing([{ key: kek }, { key: kek }]), RangeError);
  for (const id of ['', 'a b', 'å', 'x'.repeat(65)]) assert.throws(() => createKeyRing([{ id, key: kek }]), RangeError);
});

test('K7: whatever bytes a store gives back, they open or they are refused', () => {
  const ring = createKeyRing([{ key: kek }]);
  const property = fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0, 1, 2), (bytes, version) => {
    assert.throws(() => ring.unwrap(Buffer.concat([Buffer.of(version), bytes]), 'aad'), Error);
  });
  fc.assert(property, { numRuns: 300 });
});
