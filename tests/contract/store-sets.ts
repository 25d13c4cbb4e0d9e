import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import type { OpenStore } from './store.ts';

const sorted = async (store: Store, index: string): Promise<readonly string[]> =>
  (await store.members(index)).toSorted();

/** What the suite asks of index sets, and of publishing and subscribing. */
export function setsAndChannels(open: OpenStore): void {
  indexes(open);
  channels(open);
}

function indexes(open: OpenStore): void {
  it('an index has each of its members once, and none of another index', async (t) => {
    const { store } = await open(t);
    await store.addToIndex('sid 1', 'a', 60);
    await store.addToIndex('sid 1', 'b', 60);
    await store.addToIndex('sid 1', 'b', 60);
    await store.addToIndex('sid', '1 a', 60);
    assert.deepEqual(await sorted(store, 'sid 1'), ['a', 'b']);
    assert.deepEqual(await sorted(store, 'sid'), ['1 a']);
    assert.deepEqual(await sorted(store, 'nobody'), []);
  });

  it('a member that was removed is gone, and removing may be repeated', async (t) => {
    const { store } = await open(t);
    await store.addToIndex('i', 'a', 60);
    await store.addToIndex('i', 'b', 60);
    await store.removeFromIndex('i', 'a');
    await store.removeFromIndex('i', 'a');
    assert.deepEqual(await sorted(store, 'i'), ['b']);
  });

  it('a member stays for the longest time it was added for', async (t) => {
    const { store, advance } = await open(t);
    await store.addToIndex('i', 'a', 100);
    await store.addToIndex('i', 'a', 10);
    await advance(90);
    assert.deepEqual(await sorted(store, 'i'), ['a']);
    await advance(10);
    assert.deepEqual(await sorted(store, 'i'), []);
  });
}

/** Resolves once everything that was subscribed to and published by this client before has arrived where it goes. */
async function settled(store: Store): Promise<void> {
  const { promise: heard, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(reject, 20_000, new Error('nothing was heard in twenty seconds'));
  const leave = store.subscribe('settled', () => resolve());
  // Until the subscription is in force nobody hears.
  const again = setInterval(() => void store.publish('settled', 'x').catch(() => undefined), 5);
  try {
    await store.publish('settled', 'x');
    await heard;
  } finally {
    clearTimeout(late);
    clearInterval(again);
    leave();
  }
}

function channels(open: OpenStore): void {
  it('each subscriber of a channel hears a message once, and no other channel does', async (t) => {
    const { store } = await open(t);
    const heard: string[] = [];
    store.subscribe('ended', (message) => heard.push(`1 ${message}`));
    store.subscribe('ended', (message) => heard.push(`2 ${message}`));
    store.subscribe('updated', (message) => heard.push(`3 ${message}`));
    await settled(store);
    await store.publish('ended', 'x');
    await settled(store);
    assert.deepEqual(heard.toSorted(), ['1 x', '2 x']);
  });

  it('who has unsubscribed hears nothing, and the others go on hearing', async (t) => {
    const { store } = await open(t);
    const heard: string[] = [];
    const leave = store.subscribe('ended', () => heard.push('left'));
    store.subscribe('ended', () => heard.push('stayed'));
    leave();
    leave();
    await settled(store);
    await store.publish('ended', 'x');
    await settled(store);
    assert.deepEqual(heard, ['stayed']);
  });

  it('a message published to nobody is no error', async (t) => {
    const { store } = await open(t);
    await assert.doesNotReject(store.publish('ended', 'x'));
  });
}
