import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { traceIdOf, traceParentOf } from './trace-parent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test('L4: the trace id of a good traceparent is taken, of version 00 and of later ones that say more', () => {
  assert.equal(traceIdOf(`00-${TRACE}-${PARENT}-01`), TRACE);
  assert.equal(traceIdOf(`cc-${TRACE}-${PARENT}-01`), TRACE);
  assert.equal(traceIdOf(`cc-${TRACE}-${PARENT}-01-more`), TRACE);
});

test('L4: a traceparent that breaks its form counts as none', () => {
  const broken = [
    undefined,
    '',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `cc-${TRACE}-${PARENT}-01more`,
    ` 00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01\n`,
    [`00-${TRACE}-${PARENT}-01`],
  ];
  for (const header of broken) assert.equal(traceIdOf(header), undefined, String(header));
});

test('L4: whatever a header says, a trace id is 32 hexadecimal digits or nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[\da-f]{2}-[\da-f]{30,34}-[\da-f]{16}-[\da-f]{2}.?/)),
      (text) => {
        assert.match(traceIdOf(text) ?? TRACE, /^[\da-f]{32}$/);
      },
    ),
  );
});

test('OP-8: the span, its flag and a tracestate of at most 512 visible characters are taken over (W3C Trace Context)', () => {
  const good = `00-${TRACE}-${PARENT}-01`;
  const whole = { traceId: TRACE, spanId: PARENT, sampled: true, state: 'a=1, b=2' };
  assert.deepEqual(traceParentOf({ traceparent: good, tracestate: 'a=1, b=2' }), whole);
  assert.equal(traceParentOf({ traceparent: `00-${TRACE}-${PARENT}-02` })?.sampled, false);
  for (const tracestate of ['x'.repeat(513), 'a=\u00e6', 'a=1\r\nx', ' a=1', ['a=1', 'b=2'], undefined])
    assert.equal(traceParentOf({ traceparent: good, tracestate })?.state, undefined);
  assert.equal(traceParentOf({ traceparent: [good, good] }), undefined);
  assert.equal(traceParentOf({ tracestate: 'a=1' }), undefined);
});
