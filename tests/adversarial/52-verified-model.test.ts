import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStaticKeySet } from '../../src/oauth/jwks.ts';
import type { KeySet } from '../../src/oauth/jwks.ts';
import { createVerifiedCache, policyFingerprint } from '../../src/oauth/verified-cache.ts';
import type { VerifiedCache } from '../../src/oauth/verified-cache.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import type { Random } from './scale.ts';

const STEPS = isFull ? 1_000_000 : 20_000;
const MAX_ENTRIES = 40;
const MAX_BYTES = 40_000;
const MAX_AGE_SECONDS = 60;
const seed = drawSeed();

const POLICIES = [policyFingerprint('one'), policyFingerprint('two'), policyFingerprint(['one'])] as const;

/** What a verdict says, frozen as a principal is. */
interface Verdict {
  readonly token: string;
  readonly policy: string;
  readonly roles: readonly string[];
}

/** An entry as a plain list holds it. */
interface Row {
  readonly policy: string;
  readonly token: string;
  readonly verdict: Verdict;
  readonly keys: Keys;
  readonly standing: object;
  readonly from: number;
  readonly until: number;
  readonly keptAt: number;
  readonly bytes: number;
}

/** A key set of which the test says whether its keys still stand. */
interface Keys {
  standing: object | undefined;
  readonly keySet: KeySet;
}

interface Model {
  now: number;
  readonly cache: VerifiedCache<Verdict>;
  readonly keySets: readonly [Keys, ...Keys[]];
  rows: Row[];
  hits: number;
}

function makeKeys(): Keys {
  const keys: Keys = { standing: {}, keySet: { ...createStaticKeySet([]), standing: () => keys.standing } };
  return keys;
}

function createModel(): Model {
  const model: Model = {
    now: 1_800_000_000,
    cache: createVerifiedCache({
      now: () => model.now,
      maxEntries: MAX_ENTRIES,
      maxBytes: MAX_BYTES,
      maxAgeSeconds: MAX_AGE_SECONDS,
    }),
    keySets: [makeKeys(), makeKeys(), makeKeys()],
    rows: [],
    hits: 0,
  };
  return model;
}

/** Some are parts of others, so that a key over badly joined parts would mix them up. */
function pickToken(random: Random): string {
  const at = random.below(12);
  return random.pick([`token-${at}`, `token-${at}`, `${POLICIES[0]}token-${at}`, `token-${at}0`]);
}

function keep(model: Model, random: Random): void {
  const [token, policy, keys] = [pickToken(random), random.pick(POLICIES), random.pick(model.keySets)];
  const exp = model.now + random.pick([-5, 1, 10, 59, 60, 61, 600]);
  const times = random.pick<object>([
    {},
    { iat: model.now },
    { nbf: model.now + 5 },
    { iat: model.now - 9, nbf: model.now },
  ]);
  const bytes = random.pick([100, 500, 3000]);
  const verdict = Object.freeze({ token, policy, roles: Object.freeze([token]) });
  const claims: Readonly<Record<string, unknown>> = { exp, ...times };
  model.cache.keep(keyOf(model, policy, token), { value: verdict, claims, keySet: keys.keySet, bytes });
  if (keys.standing === undefined) return;
  model.rows = model.rows.filter((row) => row.token !== token || row.policy !== policy);
  const from = Math.max(Number(claims['nbf'] ?? 0), Number(claims['iat'] ?? 0));
  const { standing } = keys;
  model.rows.push({ policy, token, verdict, keys, standing, from, until: exp, keptAt: model.now, bytes });
}

function keyOf({ cache }: Model, policy: string, token: string): string {
  return cache.keyOf(policy, token) ?? assert.fail('no key');
}

function find(model: Model, random: Random): void {
  const [token, policy] = [pickToken(random), random.pick(POLICIES)];
  const found = model.cache.find(keyOf(model, policy, token));
  const row = model.rows.find((each) => each.token === token && each.policy === policy);
  if (found === undefined) {
    model.rows = model.rows.filter((each) => each !== row);
    return;
  }
  model.hits += 1;
  assert.ok(row !== undefined, 'a verdict that was never given, or was dropped');
  assert.equal(found, row.verdict);
  assert.deepEqual(found, { token, policy, roles: [token] });
  assert.ok(model.now < row.until, 'after exp');
  assert.ok(model.now >= row.from, 'before nbf or iat');
  assert.ok(model.now - row.keptAt <= MAX_AGE_SECONDS && model.now >= row.keptAt, 'too old');
  assert.equal(row.keys.standing, row.standing, 'a key went');
  for (const target of [found, found.roles]) assert.equal(Reflect.set(target, '0', 'changed'), false);
}

/** A miss has a reason too: what was kept lately, and stands, is found unless there was no room. */
function mustFind(model: Model): void {
  const row = model.rows.at(-1);
  if (row === undefined || model.now < row.from || model.now >= row.until) return;
  const age = model.now - row.keptAt;
  if (age < 0 || age > MAX_AGE_SECONDS || row.keys.standing !== row.standing) return;
  assert.equal(model.cache.find(keyOf(model, row.policy, row.token)), row.verdict, 'the last one kept is there');
}

function step(model: Model, random: Random): void {
  const kind = random.below(20);
  const keys = random.pick(model.keySets);
  if (kind < 8) keep(model, random);
  else if (kind < 16) find(model, random);
  else if (kind === 16) mustFind(model);
  else if (kind === 17) model.now += random.pick([0.1, 0.1, 0.5, 0.5, 1, 1, 5, 30, 61, -3, -90]);
  else if (kind === 18) keys.standing = random.pick([{}, keys.standing, keys.standing, keys.standing]);
  else keys.standing = random.below(6) === 0 ? undefined : (keys.standing ?? {});
}

test(`T52 ${STEPS} random steps: no verdict of another token or policy, none out of its time or without its key, bounds always, seed ${seed}`, () => {
  const random = createRandom(seed);
  const model = createModel();
  for (let at = 0; at < STEPS; at += 1) {
    step(model, random);
    const { entries, bytes } = model.cache.size();
    assert.ok(entries <= MAX_ENTRIES && bytes <= MAX_BYTES, `${entries} entries, ${bytes} bytes`);
    assert.ok(entries > 0 || bytes === 0, 'the bytes add up');
  }
  assert.ok(model.hits > STEPS / 100, `only ${model.hits} hits`);
  model.cache.close();
  assert.deepEqual(model.cache.size(), { entries: 0, bytes: 0 });
});
