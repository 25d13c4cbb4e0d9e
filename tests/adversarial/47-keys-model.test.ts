import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PublicJwk } from '../../src/oauth/jwk.ts';
import { createRemoteKeySet } from '../../src/oauth/jwks.ts';
import type { KeySet } from '../../src/oauth/jwks.ts';
import { JoseError } from '../../src/oauth/jws.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import type { Random } from './scale.ts';

const STEPS = isFull ? 1_000_000 : 10_000;
const HOUR = 3600;
const seed = drawSeed();

const KIDS = ['a', 'b', 'c', 'd'] as const;

/** Two keys under each name: a key may change and keep its name. */
const pool = new Map<string, readonly PublicJwk[]>(
  await Promise.all(
    KIDS.map(async (kid) => {
      const pair = await Promise.all([generatePrivateJwk('EdDSA', kid), generatePrivateJwk('EdDSA', kid)]);
      return [kid, pair.map(publicJwk)] as const;
    }),
  ),
);

/** What the provider does, and what a plain reading of the rules says of it. */
interface World {
  now: number;
  mode: 'well' | 'down' | 'empty' | 'garbage';
  /** By name, which of its two keys is published. */
  published: Map<string, number>;
  /** The last set that was fetched, and when. */
  known: { readonly keys: ReadonlyMap<string, number>; readonly at: number } | undefined;
  lastFailed: boolean;
  inFlight: number;
  lastFetch: { readonly at: number; readonly well: boolean; readonly loaded: boolean } | undefined;
  fetches: number;
}

function answerOf(world: World): Response {
  if (world.mode === 'down') return new Response('', { status: 404 });
  if (world.mode === 'empty') return Response.json({ keys: [] });
  if (world.mode === 'garbage') return new Response('<html>');
  const keys = Array.from(world.published, ([kid, which]) => pool.get(kid)?.[which]);
  world.known = { keys: new Map(world.published), at: world.now };
  return Response.json({ keys });
}

/** The pauses of sidecar-sdk.md 2.5, at their least. */
function leastPause({ well, loaded }: NonNullable<World['lastFetch']>): number {
  if (well) return 5 * 0.8;
  return (loaded ? 30 : 1) * 0.8;
}

async function fetchFrom(world: World): Promise<Response> {
  const { lastFetch, known } = world;
  if (lastFetch !== undefined) {
    const pause = world.now - lastFetch.at;
    assert.ok(pause >= leastPause(lastFetch) - 1e-6, `${pause} s after ${JSON.stringify(lastFetch)}`);
  }
  world.inFlight += 1;
  assert.equal(world.inFlight, 1, 'one fetch at a time');
  world.fetches += 1;
  await Promise.resolve();
  const hadKeys = known !== undefined;
  world.lastFailed = world.mode !== 'well' || world.published.size === 0;
  const response = answerOf(world);
  if (world.lastFailed) world.known = known;
  world.lastFetch = { at: world.now, well: !world.lastFailed, loaded: hadKeys };
  world.inFlight -= 1;
  return response;
}

type Verdict = 'found' | 'missing' | 'unavailable';

async function ask(keySet: KeySet, kid: string): Promise<Verdict> {
  try {
    return (await keySet.keysFor(kid, 'EdDSA')).length > 0 ? 'found' : 'missing';
  } catch (error) {
    assert.ok(error instanceof JoseError && error.code === 'keys_unavailable', String(error));
    return 'unavailable';
  }
}

/** What the rules say of a world at one moment. */
interface Reading {
  readonly usable: boolean;
  readonly lastFailed: boolean;
  readonly has: (kid: string) => boolean;
}

function readingOf({ known, now, lastFailed }: World): Reading {
  const usable = known !== undefined && now - known.at < 24 * HOUR;
  return { usable, lastFailed, has: (kid) => usable && known.keys.has(kid) };
}

/** An answer against the plain reading, of before or after it: a set may be fetched while the old one answers. */
function check(kid: string, verdict: Verdict, [before, after]: readonly [Reading, Reading]): void {
  const some = (what: (reading: Reading) => boolean): boolean => what(before) || what(after);
  const told = `${kid} ${verdict}, ${JSON.stringify([before, after])}`;
  if (verdict === 'found') {
    assert.ok(
      some(({ has }) => has(kid)),
      `a key that is not in the set: ${told}`,
    );
    return;
  }
  assert.ok(
    some(({ has }) => !has(kid)),
    `a key of the set is not found: ${told}`,
  );
  const isRight =
    verdict === 'missing'
      ? some(({ usable, lastFailed }) => usable && !lastFailed)
      : some(({ usable, lastFailed }) => !usable || lastFailed);
  assert.ok(isRight, `refused without knowing, or not judged without need: ${told}`);
}

async function askAndCheck(world: World, keySet: KeySet, kids: readonly string[]): Promise<void> {
  const before = readingOf(world);
  const verdicts = await Promise.all(kids.map((kid) => ask(keySet, kid)));
  const after = readingOf(world);
  for (const [at, kid] of kids.entries()) check(kid, verdicts[at] ?? 'missing', [before, after]);
}

function pickPause(random: Random): number {
  return random.pick([0, 0, 0.1, 0.5, 1, 1, 3, 5, 10, 30, 60, 300, 700, HOUR, 5 * HOUR, 25 * HOUR]);
}

function changeProvider(world: World, random: Random): void {
  const kid = random.pick(KIDS);
  const kind = random.below(6);
  if (kind === 0) world.mode = random.pick(['down', 'down', 'empty', 'garbage']);
  else if (kind <= 2) world.mode = 'well';
  else if (kind === 3) world.published.delete(kid);
  else world.published.set(kid, random.below(2));
}

async function step(world: World, keySet: KeySet, random: Random): Promise<void> {
  const kind = random.below(20);
  if (kind < 4) world.now += pickPause(random);
  else if (kind < 6) changeProvider(world, random);
  else if (kind < 9) {
    const kids = Array.from({ length: 2 + random.below(20) }, () => random.pick([...KIDS, random.text(6)]));
    await askAndCheck(world, keySet, kids);
  } else await askAndCheck(world, keySet, [kind < 12 ? random.text(8) : random.pick(KIDS)]);
}

/** A provider that publishes one key, and the key set that looks at it. */
function createModel(random: Random): { readonly world: World; readonly keySet: KeySet } {
  const world: World = {
    now: 1_800_000_000,
    mode: 'well',
    published: new Map([['a', 0]]),
    known: undefined,
    lastFailed: false,
    inFlight: 0,
    lastFetch: undefined,
    fetches: 0,
  };
  const keySet = createRemoteKeySet({
    jwksUri: 'https://keys.example.test/jwks',
    now: () => world.now,
    random: () => random.below(1000) / 999,
    pause: async () => {},
    fetch: () => fetchFrom(world),
  });
  return { world, keySet };
}

async function settle(world: World): Promise<void> {
  do {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  } while (world.inFlight > 0);
}

test(`T47 ${STEPS} random steps of rotation, outage and flood: only published keys, for a day at most, and no hammering, seed ${seed}`, async () => {
  const random = createRandom(seed);
  const { world, keySet } = createModel(random);
  let [standing, known] = [keySet.standing(), world.known];
  for (let at = 0; at < STEPS; at += 1) {
    await step(world, keySet, random);
    // Asking may begin a fetch in the background; it ends before anything is compared.
    keySet.standing();
    await settle(world);
    const now = keySet.standing();
    if (now === undefined) continue;
    const lost = Array.from(known?.keys ?? []).some(([kid, which]) => world.known?.keys.get(kid) !== which);
    if (standing !== undefined && lost) assert.notEqual(now, standing, 'a key went and the verdicts stood');
    if (standing !== undefined && known === world.known) assert.equal(now, standing, 'nothing changed');
    [standing, known] = [now, world.known];
  }
  assert.ok(world.fetches > STEPS / 200, `only ${world.fetches} fetches`);
  keySet.close();
});

test(`T47 L9 kid-storm: a genuine rotation during a flood is valid within 30 s and its spread, seed ${seed}`, async () => {
  const random = createRandom(seed);
  const { world, keySet } = createModel(random);
  const flood = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds * 10; at += 1) {
      world.now += 0.1;
      assert.equal(await ask(keySet, random.text(12)), 'missing');
      assert.equal(await ask(keySet, 'a'), 'found');
    }
  };
  await flood(isFull ? 3600 : 300);
  const before = world.fetches;
  assert.ok(before <= (isFull ? 3600 : 300) / 24 + 5, `${before} fetches`);
  for (let rotation = 0; rotation < 5; rotation += 1) {
    await flood(90);
    const since = world.now;
    world.published.set('d', rotation % 2);
    while ((await ask(keySet, 'd')) !== 'found') await flood(1);
    assert.ok(world.now - since <= 37, `${world.now - since} s`);
    world.published.delete('d');
    await flood(60);
  }
  keySet.close();
});
