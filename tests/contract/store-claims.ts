import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import type { OpenStore, StoreUnderTest } from './store.ts';

const RACERS = 200;
const bytes = (text: string): Buffer => Buffer.from(text);
const isTrue = (result: boolean): boolean => result;

/** What the suite asks where many want what one can have. */
export function claims(open: OpenStore): void {
  races(open);
  leases(open);
}

/** Runs the operation by many callers at the same moment, from both clients, and counts those that won. */
async function race<T>(
  under: StoreUnderTest,
  run: (store: Store) => Promise<T>,
  won: (result: T) => boolean,
): Promise<number> {
  const runs = Array.from({ length: RACERS }, (_, i) => run(i % 2 === 0 ? under.store : under.other));
  return (await Promise.all(runs)).filter((result) => won(result)).length;
}

function races(open: OpenStore): void {
  it('once is true for exactly one of 200 callers, and again only after its time to live', async (t) => {
    const under = await open(t);
    assert.equal(await race(under, (store) => store.once('jti', 300), isTrue), 1);
    await under.advance(270);
    assert.equal(await race(under, (store) => store.once('jti', 300), isTrue), 0);
    await under.advance(30);
    assert.equal(await race(under, (store) => store.once('jti', 300), isTrue), 1);
  });

  it('take gives the record to exactly one of 200 callers', async (t) => {
    const under = await open(t);
    await under.store.put('code', bytes('x'), 30);
    assert.equal(
      await race(
        under,
        (store) => store.take('code'),
        (taken) => taken?.toString() === 'x',
      ),
      1,
    );
    assert.equal(await under.store.read('code'), undefined);
  });

  it('create lets exactly one of 200 callers write', async (t) => {
    const under = await open(t);
    assert.equal(await race(under, (store) => store.create('keys', bytes('x'), 30), isTrue), 1);
  });

  it('update lets exactly one of 200 callers who read the same version write', async (t) => {
    const under = await open(t);
    await under.store.create('session', bytes('0'), 30);
    const version = (await under.store.read('session'))?.version ?? -1;
    const winners = await race(
      under,
      (store) => store.update('session', version, bytes('1')),
      (result) => result === 'ok',
    );
    assert.equal(winners, 1);
  });

  it('a record deleted between a read and 200 updates stays dead', async (t) => {
    const under = await open(t);
    await under.store.create('session', bytes('0'), 30);
    const version = (await under.store.read('session'))?.version ?? -1;
    const [, gone] = await Promise.all([
      under.other.delete('session'),
      race(
        under,
        (store) => store.update('session', version, bytes('1')),
        () => true,
      ),
    ]);
    assert.equal(gone, RACERS);
    assert.equal(await under.store.read('session'), undefined);
  });

  it('a lease is granted to exactly one of 200 callers', async (t) => {
    const under = await open(t);
    assert.equal(
      await race(
        under,
        (store) => store.lease('refresh', 10),
        (lease) => lease !== undefined,
      ),
      1,
    );
  });
}

function leases(open: OpenStore): void {
  it('a lease that was released is free at once', async (t) => {
    const { store, other } = await open(t);
    const first = await store.lease('a', 100);
    assert.equal(await other.lease('a', 100), undefined);
    await first?.release();
    assert.notEqual(await other.lease('a', 100), undefined);
  });

  it('a lease whose holder says nothing is free when its time is over', async (t) => {
    const { store, other, advance } = await open(t);
    await store.lease('a', 100);
    await advance(90);
    assert.equal(await other.lease('a', 100), undefined);
    await advance(10);
    assert.notEqual(await other.lease('a', 100), undefined);
  });

  it('a renewed lease lasts its whole length again', async (t) => {
    const { store, other, advance } = await open(t);
    const lease = await store.lease('a', 100);
    await advance(80);
    assert.equal(await lease?.renew(), true);
    await advance(80);
    assert.equal(await other.lease('a', 100), undefined);
  });

  it('a lease that has run out cannot be renewed, taken over or not', async (t) => {
    const { store, other, advance } = await open(t);
    const late = await store.lease('a', 100);
    await advance(100);
    assert.equal(await late?.renew(), false);
    assert.notEqual(await other.lease('a', 100), undefined);
    assert.equal(await late?.renew(), false);
  });

  it('the late holder of a lease cannot release the one that followed it', async (t) => {
    const { store, other, advance } = await open(t);
    const late = await store.lease('a', 100);
    await advance(100);
    await other.lease('a', 100);
    await late?.release();
    assert.equal(await store.lease('a', 100), undefined);
  });
}
