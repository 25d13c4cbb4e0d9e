import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeyWrapper } from './key-wrapper.ts';

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
