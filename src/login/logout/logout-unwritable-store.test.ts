import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startWorld } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

type Operation = 'read' | 'take' | 'removeFromIndex';

interface Failing {
  readonly world: World;
  /** What fails now. */
  readonly down: Set<Operation>;
  /** Members of every index that was written. */
  readonly members: () => Promise<readonly string[]>;
}

async function startFailing(t: TestContext): Promise<Failing> {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const down = new Set<Operation>();
  const indexes = new Set<string>();
  const unless = <T>(operation: Operation, work: () => Promise<T>): Promise<T> =>
    down.has(operation) ? Promise.reject(new StoreUnavailable('down')) : work();
  const store: Store = {
    ...inner,
    read: (key) => unless('read', () => inner.read(key)),
    take: (key) => unless('take', () => inner.take(key)),
    removeFromIndex: (index, member) => unless('removeFromIndex', () => inner.removeFromIndex(index, member)),
    addToIndex(index, member, ttl) {
      indexes.add(index);
      return inner.addToIndex(index, member, ttl);
    },
  };
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  const members = async (): Promise<readonly string[]> =>
    (await Promise.all([...indexes].map((index) => inner.members(index)))).flat();
  return { world, down, members };
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await isSo())) {
    assert.ok(performance.now() - started < 20_000, 'it never came about');
    await wait(20);
  }
}

const revoked = ({ provider }: World): number => provider.callsTo('revoke').length;

test('LO-3 LO-4: a session that can be read but not deleted is logged out with its hint, its tokens are revoked at once', async (t) => {
  const { world, down, members } = await startFailing(t);
  down.add('take');
  const page = await world.browser.visit('/oauth2/logout');
  assert.equal(page.status, 200);
  assert.match(page.body, /name="id_token_hint" value="ey/);
  await eventually(async () => revoked(world) === 1);
  down.clear();
  await eventually(async () => (await members()).length === 0);
  assert.equal(revoked(world), 1);
  assert.equal(world.events.filter(({ event }) => event === 'session.ended').length, 1);
});

test('SE-9 LO-3: a logout cut short half-way leaves nothing in the indexes, and no token alive', async (t) => {
  const { world, down, members } = await startFailing(t);
  down.add('removeFromIndex');
  await world.browser.visit('/oauth2/logout');
  await eventually(async () => revoked(world) === 1);
  down.clear();
  await eventually(async () => (await members()).length === 0);
});

test('LO-3 LO-4: with the store down the deletion is repeated behind, and then the tokens are revoked', async (t) => {
  const { world, down, members } = await startFailing(t);
  down.add('read').add('take');
  await world.browser.visit('/oauth2/logout');
  assert.equal(revoked(world), 0);
  down.clear();
  await eventually(async () => (await members()).length === 0 && revoked(world) === 1);
  assert.ok(world.events.some(({ event }) => event === 'session.ended'));
});
