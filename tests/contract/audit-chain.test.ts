import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createAuditChain } from '../../src/observe/audit-chain.ts';
import { verifyChain } from './audit-chain.ts';

const COUNT = 12;

function chainOf(count: number): string[] {
  const chain = createAuditChain();
  return Array.from({ length: count }, (_, n) => {
    const sealed = chain.seal([{ n }]);
    chain.kept(sealed);
    return sealed.lines;
  }).flat();
}

const anyButTheLast = fc.nat(COUNT - 2);

test('L3: a log as it was written holds, and two logs poured into one do too', () => {
  const [one, two] = [chainOf(COUNT), chainOf(COUNT)];
  assert.deepEqual(verifyChain(one), { records: COUNT, runs: 1 });
  const both = one.flatMap((line, index) => [two[index] ?? '', line]);
  assert.deepEqual(verifyChain(both), { records: 2 * COUNT, runs: 2 });
});

test('L3: a record that was taken out is missed by the one after it', () => {
  fc.assert(
    fc.property(anyButTheLast, (at) => {
      assert.equal(verifyChain(chainOf(COUNT).toSpliced(at, 1)).broken?.line, at + 1);
    }),
  );
});

test('L3: a record that was changed in any character is found out', () => {
  fc.assert(
    fc.property(anyButTheLast, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (at, place, put) => {
      const lines = chainOf(COUNT);
      const line = lines[at] ?? '';
      const index = place % line.length;
      fc.pre(line[index] !== put);
      const changed = lines.with(at, line.slice(0, index) + put + line.slice(index + 1));
      assert.notEqual(verifyChain(changed).broken, undefined);
    }),
  );
});

test('L3: a record that was put in is found out, even with a number of its own and the right hash', () => {
  fc.assert(
    fc.property(anyButTheLast, (at) => {
      const lines = chainOf(COUNT);
      const forged = JSON.stringify({ ...JSON.parse(lines[at + 1] ?? ''), n: 'forged' });
      assert.notEqual(verifyChain(lines.toSpliced(at + 1, 0, forged)).broken, undefined);
    }),
  );
});

test('L3: records that were lost in an outage are referred to by nobody, kept after all or not', () => {
  const chain = createAuditChain();
  const first = chain.seal([{ n: 1 }]);
  chain.kept(first);
  const lost = chain.seal([{ n: 2 }, { n: 3 }]);
  const next = chain.seal([{ n: 4 }, { n: 5 }]);
  assert.deepEqual(verifyChain([...first.lines, ...next.lines]), { records: 3, runs: 1 });
  assert.deepEqual(verifyChain([...first.lines, ...next.lines, ...lost.lines]), { records: 5, runs: 1, aside: 2 });
});
