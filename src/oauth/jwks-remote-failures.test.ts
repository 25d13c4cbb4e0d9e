import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RemoteKeySetOptions } from './jwks.ts';
import { createKeySetBench, settle, threeKeys, URL_OF_KEYS } from './testing/key-set-bench.ts';
import type { KeySetBench } from './testing/key-set-bench.ts';
import { DAY, MINUTE } from './time.ts';

const [a, b] = await threeKeys();
const provider = (options: Partial<RemoteKeySetOptions> = {}): KeySetBench => createKeySetBench([a], options);

describe('remote key set whose fetches fail (sidecar-sdk.md 2.5)', () => {
  for (const broken of ['status', 'network', 'text'] as const) {
    test(`while fetches fail (${broken}) the old set serves for 24 hours, then nothing does`, async () => {
      const it = provider();
      await it.finds('a');
      it.broken = broken;
      it.time += DAY - 1;
      assert.equal(await it.finds('a'), true);
      await settle();
      assert.ok(it.events.some((event) => event.event === 'jwks.failed' && event.ageSeconds === DAY - 1));
      it.time += 1;
      assert.equal(await it.finds('a'), 'unavailable');
      it.broken = 'no';
      it.time += 5 * MINUTE;
      assert.equal(await it.finds('a'), true);
    });
  }

  test('a set without one usable key counts as a failed fetch: the old one stays', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [{ ...b, use: 'enc' }];
    it.time += 6;
    assert.equal(await it.keySet.refresh(), false);
    assert.equal(it.keySet.state().failure, 'no usable key');
    assert.equal(await it.finds('a'), true);
    assert.ok(it.events.some((event) => event.event === 'jwks.key_skipped'));
  });

  test('a key set of 256 KiB is read, and one of a byte more is not (2.5)', async () => {
    for (const [bytes, found] of [
      [256 * 1024, true],
      [256 * 1024 + 1, 'unavailable'],
    ] as const) {
      const text = JSON.stringify({ keys: [a] }).padEnd(bytes, ' ');
      const it = provider({ fetch: async () => new Response(text) });
      assert.equal(await it.finds('a'), found);
    }
  });

  test('after a failure it waits 30 s, doubling to 5 min', async () => {
    const it = provider();
    await it.finds('a');
    it.broken = 'status';
    it.time += 10 * MINUTE;
    const start = it.time;
    const fetchedAt: number[] = [];
    for (; it.time < start + 1200; it.time += 1) {
      const fetchesBefore = it.fetches;
      await it.finds('a');
      await settle();
      if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
    }
    assert.deepEqual(fetchedAt, [0, 30, 90, 210, 450, 750, 1050]);
  });

  test('before there ever was a set it tries again after 1 s, doubling to 30 s', async () => {
    const it = provider();
    it.broken = 'status';
    const start = it.time;
    const fetchedAt: number[] = [];
    for (; it.time < start + 100; it.time += 1) {
      const fetchesBefore = it.fetches;
      assert.equal(await it.finds('a'), 'unavailable');
      if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
    }
    assert.deepEqual(fetchedAt, [0, 1, 3, 7, 15, 31, 61, 91]);
  });

  for (const broken of ['status', 'network', 'text'] as const) {
    test(`a key that may be in a document that cannot be had now (${broken}) is not unknown, and nobody is hammered for it`, async () => {
      const it = provider();
      await it.finds('a');
      assert.equal(await it.finds('stranger'), false, 'all is well, and the cool-down runs');
      it.keys = [a, b];
      it.broken = broken;
      it.time += 40;
      assert.equal(await it.finds('b'), 'unavailable');
      const fetches = it.fetches;
      assert.deepEqual(await Promise.all(['b', 'x', 'y', 'a'].map(it.finds)), [
        'unavailable',
        'unavailable',
        'unavailable',
        true,
      ]);
      assert.equal(it.keySet.keysInMemory('b', 'ES256'), undefined, 'nor without waiting');
      assert.equal(it.fetches, fetches, 'while the cool-down of the failure runs');
      it.broken = 'no';
      it.time += 40;
      assert.equal(await it.finds('b'), true);
      assert.equal(await it.finds('x'), false);
    });
  }

  test('a key id that was missing before an outage is not known to be missing during it', async () => {
    const it = provider();
    await it.finds('a');
    it.time += 40;
    assert.equal(await it.finds('b'), false);
    it.broken = 'status';
    it.time += 10 * MINUTE - 1;
    await it.finds('a');
    await settle();
    it.keys = [a, b];
    assert.equal(await it.finds('b'), 'unavailable');
  });

  test('a key id that was missing a moment ago may be there as soon as a fetch has failed', async () => {
    const it = provider();
    await it.finds('a');
    // Each time it is missing it is not looked for again for longer: 40 s in the end.
    for (const seconds of [6, 10, 20, 30]) {
      it.time += seconds;
      assert.equal(await it.finds('b'), false);
    }
    it.time += 30;
    it.broken = 'status';
    assert.equal(await it.finds('c'), 'unavailable');
    assert.equal(await it.finds('b'), 'unavailable');
  });

  test('a set that is closed while somebody waits says that nothing can be told', async () => {
    const it = provider();
    await it.finds('a');
    it.time += 40;
    const asking = it.finds('b');
    it.keySet.close();
    assert.equal(await asking, 'unavailable');
  });

  test('tries thrice when the connection fails, once when the answer is a plain refusal', async () => {
    const it = provider();
    it.broken = 'network';
    await it.finds('a');
    assert.equal(it.fetches, 3);
    it.broken = 'status';
    it.time += 5;
    await it.finds('a');
    assert.equal(it.fetches, 4);
  });

  test('the URL may come from discovery, whose failure is a failed fetch', async () => {
    let discovered = false;
    const it = provider({
      jwksUri: async () => {
        if (discovered) return URL_OF_KEYS;
        throw new Error('no metadata');
      },
    });
    assert.equal(await it.keySet.ready(), false);
    discovered = true;
    it.time += 2;
    assert.equal(await it.keySet.ready(), true);
    assert.equal(await it.finds('a'), true);
  });

  test('plain http to another machine is never used', async () => {
    const asked: string[] = [];
    const fetch: RemoteKeySetOptions['fetch'] = async (url) => {
      asked.push(url);
      return Response.json({ keys: [a] });
    };
    assert.equal(await provider({ fetch }).finds('a'), true);
    assert.equal(await provider({ fetch, jwksUri: 'http://issuer.test/jwks' }).finds('a'), 'unavailable');
    assert.deepEqual(asked, [URL_OF_KEYS]);
  });

  test('a closed set fetches nothing more and has no keys', async () => {
    const it = provider();
    await it.finds('a');
    it.keySet.close();
    it.time += 10 * MINUTE;
    assert.equal(await it.finds('a'), 'unavailable');
    assert.equal(it.fetches, 1);
  });
});

test('a listener that throws changes nothing, nor does its error escape from a fetch in the background', async (t) => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => {
    rejections.push(reason);
  };
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  const bench = provider({
    onEvent: () => {
      throw new Error('listener');
    },
  });
  assert.equal(await bench.finds('a'), true);
  assert.equal(bench.keySet.state().failure, undefined);
  bench.time += 12 * MINUTE;
  bench.broken = 'status';
  assert.equal(await bench.finds('a'), true);
  await settle();
  await settle();
  assert.equal(bench.fetches, 2);
  assert.deepEqual(rejections, []);
});
