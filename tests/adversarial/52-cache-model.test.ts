import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenKey } from '../../src/oauth/tokens/token-key.ts';
import { CacheModel } from './52-cache-model.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';

const OPERATIONS = isFull ? 1_000_000 : 50_000;
const seed = drawSeed();

/** Keys of which many differ in one member only, or in where a character stands. */
function makeKeys(): readonly TokenKey[] {
  const targets = ['a', 'ab', '1:a', ''];
  const base = { issuer: 'https://op.test', clientId: '' };
  return [
    ...targets.flatMap((target): readonly TokenKey[] => [
      { ...base, provider: 'entra_id', grant: 'machine', target },
      { ...base, provider: 'maskinporten', grant: 'machine', target },
      { ...base, provider: 'maskinporten', grant: 'machine', target, resource: '' },
      { ...base, provider: 'maskinporten', grant: 'machine', target, authorizationDetails: [] },
      { ...base, provider: 'maskinporten', grant: 'machine', target, authorizationDetails: [{ a: 1 }] },
      { ...base, provider: 'entra_id', grant: 'exchange', target, userToken: 'user' },
      { ...base, provider: 'tokenx', grant: 'exchange', target, userToken: 'user' },
      { ...base, provider: 'tokenx', grant: 'exchange', target, userToken: 'User' },
    ]),
    { ...base, provider: 'tokenx', issuer: 'https://op.tes', grant: 'exchange', target: 'ta', userToken: 'user' },
  ];
}

const ROOMY = { maxEntries: 1000, maxBytes: 64 * 1024 * 1024, exact: true };
const TIGHT = { maxEntries: 12, maxBytes: 9000, exact: false };

for (const [name, bounds, share] of [
  ['with room for everything does what a plain list does', ROOMY, 0.8],
  ['without room keeps its bounds and every rule', TIGHT, 0.2],
] as const) {
  const operations = OPERATIONS * share;
  test(`T52 the token cache ${name}: ${operations} random operations, seed ${seed}`, async (t) => {
    const model = await CacheModel.create({ ...bounds, random: createRandom(seed) }, makeKeys());
    for (let at = 0; at < operations; at += 1) await model.step();
    model.close();
    t.diagnostic(JSON.stringify(model.tally));
    for (const [what, times] of Object.entries(model.tally)) {
      if (bounds.exact && what === 'evicted') assert.equal(times, 0);
      else assert.ok(times > 0, `${what} never happened`);
    }
  });
}
