import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { loopbackFetch } from '../loopback.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';

const GOOD = 'identity_provider=maskinporten&target=demo:feed';
const seed = drawSeed();

const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

/** A reading of a form that is plain and slow: pairs by `&`, the first `=`, plus as blank, percent by bytes. */
function reference(body: string): readonly (readonly [string, string])[] | undefined {
  try {
    return body
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        return at === -1 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
      });
  } catch {
    return undefined;
  }
}

test(`T50 generated forms are read at the sidecar as a plain reader reads them, or refused, seed ${seed}`, async (t) => {
  const keys = await makeKeys();
  const provider = await startProvider(t, keys);
  const { origin } = await startSidecar(t, testEnv(provider.origin, keys));
  const random = createRandom(seed);
  const pieces = [
    'identity_provider',
    'target',
    '=',
    '&',
    '%',
    '%3D',
    '%26',
    '+',
    '%00',
    ';',
    'maskinporten',
    'a',
    '[]',
    '%C3%A6',
    '\u00e6',
    '%E0%80%80',
  ] as const;
  let passed = 0;
  for (let round = 0; round < (isFull ? 10_000 : 400); round += 1) {
    const extra = Array.from({ length: random.below(6) }, () => random.pick(pieces)).join('');
    const body = random.below(2) === 0 ? `${GOOD}&${extra}` : `${extra}&${GOOD}`;
    const { status } = await loopbackFetch(`${origin}/api/v1/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    const read = reference(body);
    if (status !== 200) {
      assert.equal(status, 400, body);
      continue;
    }
    passed += 1;
    assert.ok(read !== undefined, `a plain reader cannot read ${body}`);
    const names = read.map(([name]) => name);
    assert.equal(new Set(names).size, names.length, `a name twice: ${body}`);
    assert.deepEqual(new Map(read).get('target'), 'demo:feed', body);
  }
  assert.ok(passed > 20, `only ${passed} passed`);
});
