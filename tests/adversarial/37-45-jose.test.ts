import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ownTokenVerifiers } from './exchange-verifiers.ts';
import { localVerifiers } from './local-verifiers.ts';
import { logoutVerifier } from './logout-verifier.ts';
import { FAMILIES, mutantsOf } from './malformed-tokens.ts';
import type { Mutant } from './malformed-tokens.ts';
import { signed } from './malformed/template.ts';
import { create } from '../../src/sdk/index.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { exchangeVerifiers, loginVerifier, openTrap, sdkVerifier, sidecarVerifier } from './verifiers.ts';
import type { Trap, Verifier } from './verifiers.ts';
import { wholeFile } from './whole-file.ts';
import { threadMs } from './60-odd.ts';

/** Of each of 25 families. Those that judge access tokens get two thousand at every change: they are asked most. */
const LEAST = isFull ? 80 : 10;
const ALWAYS_LEAST = 80;
const MOST_MILLISECONDS = 2;
const ROWS = ['T37', 'T38', 'T39', 'T40', 'T41', 'T42', 'T43', 'T44', 'T45'] as const;
const TITLES: Readonly<Record<(typeof ROWS)[number], string>> = {
  T37: 'a token that chooses its own algorithm, or whose signature is not one, is refused',
  T38: 'a key id that is no plain name of a trusted key finds no key',
  T39: 'keys that a token brings along or points to are neither used nor fetched',
  T40: 'critical headers, compression, other kinds and other serialisations are refused',
  T41: 'JSON that two readers could read differently is refused',
  T42: 'only the one canonical spelling of base64url is read',
  T43: 'tokens over 16 KiB are refused',
  T44: 'issuer and audience are compared byte for byte',
  T45: 'times that are missing, odd or absurd are refused',
};

const seed = drawSeed();
const context = wholeFile();
const verifiers = new Map<string, Verifier>();
let trap: Trap;

before(async () => {
  trap = await openTrap(context);
  const made = await Promise.all([
    exchangeVerifiers(context, trap),
    ownTokenVerifiers(context, trap),
    sidecarVerifier(context, trap),
    sdkVerifier(context, trap),
    loginVerifier(context, trap),
    logoutVerifier(context, trap),
    localVerifiers(context, trap),
  ]);
  for (const verifier of made.flat()) verifiers.set(verifier.name, verifier);
});

const NAMES = [
  'client assertion at the exchange',
  'subject token at the exchange',
  'introspection at the sidecar',
  'validation in the SDK',
  'ID token at the login proxy',
  'logout token at the login proxy',
  'client assertion at the local ID-porten',
  'client assertion at the local Entra ID',
  'grant at the local Maskinporten',
  'token asked about at the exchange',
  'actor token at the exchange',
  'bearer token of an operator at the exchange',
  'software statement at the exchange',
] as const;

const ACCESS_TOKENS: ReadonlySet<string> = new Set(['introspection at the sidecar', 'validation in the SDK']);

function mutantsFor(row: (typeof ROWS)[number], verifier: Verifier): readonly Mutant[] {
  const random = createRandom(seed);
  const least = ACCESS_TOKENS.has(verifier.name) ? ALWAYS_LEAST : LEAST;
  const own = verifier.also?.[row] ?? [];
  return [
    ...FAMILIES.filter((family) => family.row === row).flatMap((family) => mutantsOf(family, least, random)),
    ...(own.length === 0 ? [] : mutantsOf({ row, name: 'of this kind', shapes: own }, own.length, random)),
  ];
}

for (const name of NAMES) {
  describe(`${name}, seed ${seed}`, () => {
    for (const row of ROWS) {
      test(`${row} ${TITLES[row]}: ${name}`, async () => {
        const verifier = verifiers.get(name);
        assert.ok(verifier !== undefined);
        assert.equal(await verifier.present((template) => signed(template)), 'accepted', 'the good token before');
        const wrong: string[] = [];
        for (const mutant of mutantsFor(row, verifier)) {
          let token = '';
          const verdict = await verifier.present((template) => (token = mutant.make(template)));
          if (verdict !== 'refused' && !(verdict === 'accepted' && verifier.rightly?.(token) === true))
            wrong.push(`${mutant.name}: ${verdict}: ${token.slice(0, 300)}`);
        }
        assert.deepEqual(wrong, []);
        assert.equal(await verifier.present((template) => signed(template)), 'accepted', 'the good token after');
        assert.equal(trap.connections(), 0, 'somebody fetched what a token pointed to');
      });
    }
  });
}

test('T37 two thousand bad tokens are refused by the library within 2 ms of CPU each, but for one in a hundred', async () => {
  const verifier = verifiers.get('validation in the SDK');
  assert.ok(verifier !== undefined);
  const costs: number[] = [];
  for (const mutant of ROWS.flatMap((row) => mutantsFor(row, verifier))) {
    let token = '';
    await verifier.present((template) => (token = mutant.make(template)));
    costs.push(await leastMilliseconds(3, () => verifier.present(() => token)));
  }
  assert.ok(costs.length >= 2000, `only ${costs.length} tokens`);
  const slowest = costs.toSorted((one, other) => one - other)[Math.floor(costs.length * 0.99)] ?? Number.NaN;
  assert.ok(slowest < MOST_MILLISECONDS, `${slowest} ms`);
});

/** The least CPU of several tries, in milliseconds. */
async function leastMilliseconds(tries: number, work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < tries; at += 1) {
    const started = threadMs();
    await work();
    least = Math.min(least, threadMs() - started);
  }
  return least;
}

const MIB = 1024 * 1024;

/** The least CPU of several tries, in milliseconds: whatever else runs can only add to it. */
function leastCpu(tries: number, work: () => void): number {
  const costs = Array.from({ length: tries }, () => {
    const start = process.cpuUsage();
    for (let round = 0; round < 10; round += 1) work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 10_000;
  });
  return Math.min(...costs);
}

const OVERSIZE: readonly (readonly [string, string])[] = [
  ['1 MiB of one segment', 'A'.repeat(MIB)],
  ['1 MiB of dots', '.'.repeat(MIB)],
  ['1 MiB that looks like a token', `${'e'.repeat(MIB / 3)}.${'e'.repeat(MIB / 3)}.${'e'.repeat(MIB / 3)}`],
  ['10,000 audiences', `e30.${Buffer.from(JSON.stringify({ aud: Array(10_000).fill('a') })).toString('base64url')}.AA`],
  ['100,000 claims', `e30.${Buffer.from(`{${'"a":1,'.repeat(100_000)}"b":1}`).toString('base64url')}.AA`],
];

for (const [what, token] of OVERSIZE) {
  test(`T43 the library refuses ${what} within a millisecond of CPU`, () => {
    const auth = create(
      [
        {
          provider: 'tokenx',
          issuer: 'https://a.example.test',
          keys: { jwksUri: 'https://a.example.test/jwks' },
          audience: ['x'],
        },
      ],
      { env: {} },
    );
    context.after(() => auth.close());
    assert.ok(leastCpu(20, () => assert.equal(auth.validateSync(token).ok, false)) < 1);
  });

  test(`T43 exchange and sidecar refuse ${what}, and serve on`, async () => {
    for (const name of NAMES.slice(0, 3)) {
      const verifier = verifiers.get(name);
      assert.equal(await verifier?.present(() => token), 'refused', name);
      assert.equal(await verifier?.present((template) => signed(template)), 'accepted', name);
    }
  });
}
