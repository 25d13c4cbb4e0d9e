import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { generatePrivateJwk, type PublicJwk, publicJwk } from './jwk.ts';
import { createRemoteKeySet, type KeySet, type KeySetEvent, type RemoteKeySetOptions } from './jwks.ts';
import { JoseError } from './jws.ts';
import { DAY, MINUTE } from './time.ts';

const URL_OF_KEYS = 'https://issuer.test/jwks';
let a: PublicJwk;
let b: PublicJwk;
let c: PublicJwk;

before(async () => {
  [a, b, c] = (await Promise.all(['a', 'b', 'c'].map((kid) => generatePrivateJwk('ES256', kid)))).map(publicJwk) as [
    PublicJwk,
    PublicJwk,
    PublicJwk,
  ];
});

interface Bench {
  keys: readonly unknown[];
  broken: 'no' | 'status' | 'network' | 'text';
  time: number;
  fetches: number;
  readonly events: KeySetEvent[];
  readonly keySet: KeySet;
  readonly finds: (kid: string) => Promise<boolean | 'unavailable'>;
}

function answerOf(bench: Bench): Response {
  bench.fetches += 1;
  if (bench.broken === 'network') throw new TypeError('connection refused');
  if (bench.broken === 'status') return new Response('no', { status: 404 });
  return new Response(bench.broken === 'text' ? '{"keys":' : JSON.stringify({ keys: bench.keys }));
}

/** A provider under the test's command, and a key set that looks at it with the test's clock and no spread. */
function provider(options: Partial<RemoteKeySetOptions> = {}): Bench {
  const events: KeySetEvent[] = [];
  const keySet = createRemoteKeySet({
    jwksUri: URL_OF_KEYS,
    now: () => bench.time,
    random: () => 0.5,
    pause: async () => {},
    onEvent: (event) => events.push(event),
    fetch: async (url) => {
      assert.equal(url, URL_OF_KEYS);
      return answerOf(bench);
    },
    ...options,
  });
  const finds = async (kid: string): Promise<boolean | 'unavailable'> => {
    try {
      return (await keySet.keysFor(kid, 'ES256')).length > 0;
    } catch (error) {
      assert.ok(error instanceof JoseError && error.code === 'keys_unavailable');
      return 'unavailable';
    }
  };
  const bench: Bench = { keys: [a], broken: 'no', time: 1_000_000, fetches: 0, events, keySet, finds };
  return bench;
}

/** Lets a fetch in the background finish. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('remote key set (sidecar-sdk.md 2.5)', () => {
  test('fetches when first asked, once for all who ask at the same time', async () => {
    const it = provider();
    assert.equal(it.fetches, 0);
    assert.deepEqual(await Promise.all(['a', 'a', 'zz', 'a'].map(it.finds)), [true, true, false, true]);
    // The one unknown kid has no second fetch: the cool-down of the first still runs.
    assert.equal(it.fetches, 1);
  });

  test('after ten minutes it refreshes in the background while the old set answers', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [b];
    it.time += 10 * MINUTE;
    assert.equal(await it.finds('a'), true);
    await settle();
    assert.equal(it.fetches, 2);
    assert.equal(await it.finds('a'), false);
    assert.equal(await it.finds('b'), true);
  });

  test('an unknown kid causes one fetch that all askers share, and finds a key that is new', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [a, b];
    it.time += 6;
    assert.deepEqual(await Promise.all([it.finds('b'), it.finds('b'), it.finds('b')]), [true, true, true]);
    assert.equal(it.fetches, 2);
  });

  test('unknown kids cannot drive fetches: 5 s, then 10, 20, 30 s between them', async () => {
    const it = provider();
    await it.finds('a');
    const fetchedAt: number[] = [];
    const start = it.time;
    for (; it.time < start + 130; it.time += 1) {
      const fetchesBefore = it.fetches;
      await it.finds(`unknown-${it.time}`);
      if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
    }
    assert.deepEqual(fetchedAt, [5, 15, 35, 65, 95, 125]);
  });

  test('a fetch that brought a key puts the cool-down back to 5 s', async () => {
    const it = provider();
    await it.finds('a');
    it.time += 5;
    await it.finds('x');
    it.time += 10;
    it.keys = [a, b];
    assert.equal(await it.finds('b'), true);
    it.time += 5;
    it.keys = [a, b, c];
    assert.equal(await it.finds('c'), true);
  });

  test('a kid that was not found is not looked for again for 5 s, then 10 s, but is valid as soon as it arrives', async () => {
    const it = provider();
    await it.finds('a');
    const asked: number[] = [];
    it.time += 100;
    const start = it.time;
    for (; it.time < start + 60; it.time += 1) {
      const fetchesBefore = it.fetches;
      await it.finds('missing');
      if (it.fetches > fetchesBefore) asked.push(it.time - start);
    }
    assert.deepEqual(asked, [0, 10, 30]);
    it.keys = [{ ...b, kid: 'missing' }];
    await it.keySet.refresh();
    assert.equal(await it.finds('missing'), true);
  });

  test('a key id that is missing stays missing for its pause though the cool-down would allow a fetch', async () => {
    const it = provider();
    await it.finds('a');
    for (let times = 0; times < 4; times += 1) {
      it.time += 60;
      await it.finds('missing');
    }
    it.keys = [a, b];
    it.time += 30;
    assert.equal(await it.finds('b'), true);
    it.time += 6;
    const fetchesBefore = it.fetches;
    assert.equal(await it.finds('missing'), false);
    assert.equal(it.fetches, fetchesBefore);
    assert.equal(await it.finds('another'), false);
    assert.equal(it.fetches, fetchesBefore + 1);
  });

  test('the background refresh is spread over nine to eleven minutes', async () => {
    for (const [random, seconds] of [
      [0, 540],
      [1, 660],
    ] as const) {
      const it = provider({ random: () => random });
      await it.finds('a');
      it.time += seconds - 1;
      await it.finds('a');
      assert.equal(it.fetches, 1);
      it.time += 1;
      await it.finds('a');
      assert.equal(it.fetches, 2);
      await settle();
    }
  });

  test('a removed key is gone with the next fetch, and the generation says so; an added one does not', async () => {
    const it = provider();
    await it.finds('a');
    it.keys = [a, b];
    it.time += 6;
    await it.keySet.refresh();
    assert.equal(it.keySet.state().generation, 0);
    it.keys = [b];
    it.time += 6;
    assert.equal(await it.keySet.refresh(), true);
    assert.equal(it.keySet.state().generation, 1);
    assert.equal(await it.finds('a'), false);
  });

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
    const it = provider({ jwksUri: 'http://issuer.test/jwks' });
    assert.equal(await it.finds('a'), 'unavailable');
    assert.equal(it.fetches, 0);
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

const PACE = {
  coolDownSeconds: 30,
  maxMisses: 1000,
  maxAgeSeconds: { least: MINUTE, most: 60 * MINUTE },
  totalSeconds: 5,
};

describe('remote key set with a pace of its own (tokenx.md J9)', () => {
  test('J9 thirty seconds from one attempt to the next, whatever came of it', async () => {
    for (const broken of ['no', 'status', 'network'] as const) {
      const it = provider({ pace: PACE });
      it.broken = broken;
      const start = it.time;
      const fetchedAt: number[] = [];
      for (; it.time < start + 120; it.time += 1) {
        const fetchesBefore = it.fetches;
        await it.finds(`unknown-${it.time}`);
        if (it.fetches > fetchesBefore) fetchedAt.push(it.time - start);
        assert.ok(it.fetches - fetchesBefore <= 1, 'a failure is not tried again at once');
      }
      assert.deepEqual(fetchedAt, [0, 30, 60, 90], broken);
    }
  });

  for (const [header, seconds] of [
    [undefined, 600],
    ['max-age=1200', 1200],
    ['max-age=5', 60],
    ['no-store', 60],
    ['max-age=86400', 3600],
    ['public', 600],
  ] as const) {
    test(`J9 with ${header ?? 'no Cache-Control'} a removed key is gone after ${seconds} s`, async () => {
      for (const random of [0, 0.999]) {
        const it = provider({
          pace: PACE,
          random: () => random,
          fetch: async () => {
            const answer = answerOf(it);
            if (header !== undefined) answer.headers.set('Cache-Control', header);
            return answer;
          },
        });
        await it.finds('a');
        it.keys = [b];
        it.time += seconds * 0.8 - 1;
        assert.equal(await it.keySet.ready(), true);
        assert.equal(it.fetches, 1, 'not much earlier');
        it.time += seconds * 0.1 + 1;
        assert.equal(await it.keySet.ready(), true);
        await settle();
        assert.equal(it.fetches, 2);
        assert.equal(await it.finds('a'), false);
      }
    });
  }

  test('T35 after the clock was set back an hour new keys are found and removed ones go as soon as ever', async () => {
    const it = provider({ pace: PACE });
    await it.finds('a');
    assert.equal(await it.finds('c'), false);
    it.time -= 60 * MINUTE;
    assert.equal(await it.finds('c'), false);
    it.keys = [b, c];
    it.time += 61;
    assert.equal(await it.finds('c'), true, 'found');
    it.keys = [c];
    it.time += 10 * MINUTE;
    assert.equal(await it.keySet.ready(), true);
    await settle();
    assert.equal(await it.finds('b'), false, 'gone');
    assert.equal(it.keySet.state().fetchedAt, it.time);
  });

  test('J9 a thousand unknown key ids are remembered, and good keys stay however many come', async () => {
    const it = provider({ pace: PACE });
    await it.finds('a');
    for (let kid = 0; kid < 3000; kid += 1) {
      it.time += 0.01;
      assert.equal(await it.finds(`bad-${kid}`), false);
    }
    assert.equal(await it.finds('a'), true);
    assert.equal(it.fetches, 2);
  });
});
