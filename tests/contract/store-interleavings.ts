import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { isFull } from '../adversarial/scale.ts';
import type { Store } from '../../src/store/store.ts';
import type { OpenStore, StoreUnderTest } from './store.ts';

const ROUNDS = isFull ? 10_000 : 200;
const RUNS = 20;
const TTL_SECONDS = 100;

type Step = 'create' | 'put' | 'update' | 'stale update' | 'delete' | 'take' | 'age';
const STEPS: readonly Step[] = ['create', 'put', 'update', 'stale update', 'delete', 'take', 'age'];

/** What the suite asks when steps come in any order. */
export function interleavings(open: OpenStore): void {
  it(`W2: a delete between a read and its update always wins, in ${ROUNDS} interleavings`, async (t) => {
    const { store, other } = await open(t);
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `session ${round}`;
      await store.create(key, Buffer.from('1'), 60);
      const version = (await store.read(key))?.version ?? -1;
      const writers = [0, 1, 2].map(async (writer) => {
        await turns(randomInt(4));
        return (writer === 1 ? other : store).update(key, version, Buffer.from('2'));
      });
      const deleter = turns(randomInt(4)).then(() => other.delete(key));
      const [deleted, ...updated] = await Promise.all([deleter, ...writers]);
      assert.equal(deleted, true);
      assert.ok(updated.filter((result) => result === 'ok').length <= 1);
      assert.equal(await store.read(key), undefined);
      assert.equal(await store.update(key, version, Buffer.from('3')), 'gone');
    }
  });

  it('update never revives a record and never moves its end, whatever came before', async (t) => {
    const under = await open(t);
    let run = 0;
    const steps = fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, (some) => follow(under, `key ${(run += 1)}`, some)),
      { numRuns: RUNS },
    );
  });
}

/** Other work of both ends gets in between. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Does the steps one by one, and after each the record is as its writes and its age make it. */
async function follow({ store, other, advance }: StoreUnderTest, key: string, steps: readonly Step[]): Promise<void> {
  const seen = { age: Number.POSITIVE_INFINITY, version: 1 };
  for (const step of steps) {
    const live = seen.age < TTL_SECONDS;
    if (step === 'age') {
      await advance(40);
      seen.age += 40;
    } else {
      seen.age = await write(store, { key, step, live, seen });
    }
    const record = await other.read(key);
    assert.equal(record !== undefined, seen.age < TTL_SECONDS, `${steps.join(', ')}: after ${step}`);
    seen.version = record?.version ?? seen.version;
  }
}

interface Writing {
  readonly key: string;
  readonly step: Exclude<Step, 'age'>;
  readonly live: boolean;
  readonly seen: { readonly age: number; readonly version: number };
}

/** The age of the record afterwards. */
async function write(store: Store, { key, step, live, seen }: Writing): Promise<number> {
  const value = Buffer.from(step);
  if (step === 'create') {
    assert.equal(await store.create(key, value, TTL_SECONDS), !live);
    return live ? seen.age : 0;
  }
  if (step === 'put') {
    await store.put(key, value, TTL_SECONDS);
    return 0;
  }
  if (step === 'update' || step === 'stale update') {
    const expected = live ? (step === 'update' ? 'ok' : 'conflict') : 'gone';
    const version = step === 'update' ? seen.version : seen.version + 1;
    assert.equal(await store.update(key, version, value), expected);
    return seen.age;
  }
  if (step === 'delete') assert.equal(await store.delete(key), live);
  else assert.equal((await store.take(key)) !== undefined, live);
  return Number.POSITIVE_INFINITY;
}
