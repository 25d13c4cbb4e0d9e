import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { AuditSink } from '../../src/observe/audit.ts';
import { type AuditTrail, createAuditTrail } from '../../src/observe/audit-trail.ts';
import { verifyChain } from './audit-chain.ts';

/** A place for audit records that is empty at the start. */
export interface AuditPlace {
  /** A sink of its own on that place, as another process has. */
  open(): AuditSink | Promise<AuditSink>;
  /** Every line there, in order. */
  lines(): readonly string[] | Promise<readonly string[]>;
}

/** Registers the suite that every audit sink has to pass. */
export function auditContract(
  name: string,
  options: { readonly skip: string | false },
  place: (t: TestContext) => AuditPlace | Promise<AuditPlace>,
): void {
  describe(`F07: audit sink ${name}`, options, () => {
    it('L1: a record is there, whole, once the trail is done with it', async (t) => {
      const at = await place(t);
      const trail = await trailAt(t, at);
      for (let n = 0; n < 5; n += 1) {
        await trail.record({ n });
        assert.deepEqual(
          (await at.lines()).map(numberIn),
          Array.from({ length: n + 1 }, (_, index) => index),
        );
      }
    });

    it('L1, L3: parallel records are all kept, and their chain holds', async (t) => {
      const at = await place(t);
      const trail = await trailAt(t, at);
      await Promise.all(Array.from({ length: 700 }, async (_, n) => trail.record({ n, text: 'x'.repeat(n) })));
      const lines = await at.lines();
      assert.deepEqual(
        lines.map(numberIn).toSorted(ascending),
        Array.from({ length: 700 }, (_, n) => n),
      );
      assert.deepEqual(verifyChain(lines), { records: 700, runs: 1 });
    });

    it('L3: several processes write to one place at once, and each has its own chain', async (t) => {
      const at = await place(t);
      const trails = await Promise.all(Array.from({ length: 4 }, () => trailAt(t, at)));
      await Promise.all(trails.flatMap((trail) => Array.from({ length: 50 }, async (_, n) => trail.record({ n }))));
      assert.deepEqual(verifyChain(await at.lines()), { records: 200, runs: 4 });
    });

    it('L1: what an earlier run wrote stays, and the next goes on after it', async (t) => {
      const at = await place(t);
      const first = createAuditTrail(await at.open());
      await first.record({ n: 1 });
      await first.close();
      await (await trailAt(t, at)).record({ n: 2 });
      const lines = await at.lines();
      assert.deepEqual(lines.map(numberIn), [1, 2]);
      assert.deepEqual(verifyChain(lines), { records: 2, runs: 2 });
    });

    it('L3: a record comes back to the byte, whatever characters are in it, on one line', async (t) => {
      const at = await place(t);
      const trail = await trailAt(t, at);
      const text = '\u0000\r\n\t"\\\u2028\u202e\ud800 æøå 😀 \u001b[2J';
      await trail.record({ n: 1, text });
      await trail.record({ n: 2 });
      const lines = await at.lines();
      assert.equal(JSON.parse(lines[0] ?? '').text, text);
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      assert.doesNotMatch(lines.join(''), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      assert.deepEqual(verifyChain(lines), { records: 2, runs: 1 });
    });

    it('L1: closing waits for what is under way', async (t) => {
      const at = await place(t);
      const trail = createAuditTrail(await at.open());
      const under = Array.from({ length: 20 }, async (_, n) => trail.record({ n }));
      await trail.close();
      assert.equal((await at.lines()).length, 20);
      await Promise.all(under);
    });

    it('L7: is ready', async (t) => {
      assert.equal(await (await trailAt(t, await place(t))).ready(), true);
    });
  });
}

/** A trail of its own at this place, closed after the test. */
export async function trailAt(t: TestContext, place: AuditPlace): Promise<AuditTrail> {
  const trail = createAuditTrail(await place.open());
  t.after(() => trail.close());
  return trail;
}

function numberIn(line: string): number {
  return JSON.parse(line).n;
}

function ascending(a: number, b: number): number {
  return a - b;
}
