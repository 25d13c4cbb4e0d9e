/**
 * What judging an access token costs: the bare cryptography, our validation with all its checks, the same remembered, and what others
 * do. `npm run bench -- verify [--quick] [--check]`; with `--check` a bar that is missed is a failure. One call after another, wall
 * time; every string is a new one.
 */
import { median, printTable, spread } from './shared/report.ts';
import { contendersFor } from './verify/contenders.ts';
import { takeTurns } from './verify/measure.ts';
import type { Effort, Times } from './verify/measure.ts';
import { measureRefusals } from './verify/refusals.ts';
import { ALGORITHMS, makeTokens } from './verify/tokens.ts';
import type { BenchAlgorithm } from './verify/tokens.ts';

interface Line {
  readonly figure: string;
  readonly ours: number;
  readonly peer?: string;
  readonly theirs?: number;
  /** For what the bar is: ours by theirs, theirs by ours, or ours alone. */
  readonly ratio?: number;
  readonly target?: number;
  readonly met?: boolean;
}

/** sidecar-sdk.md P1, P2, P8; they stand for RS256. */
const BARS = { overRaw: 1.25, fasterThanJose: 1.7, cachedMicros: 1.5, refusalMilliseconds: 1 };

const quick = process.argv.includes('--quick');
const effort: Effort = quick ? { calls: 2000, rounds: 5 } : { calls: 10_000, rounds: 5 };

const lines: Line[] = [];
for (const alg of ALGORITHMS) {
  const world = await makeTokens(alg);
  const times = await takeTurns(contendersFor(world), world, effort);
  const length = world.tokens[0]?.length ?? 0;
  printTable(
    `${alg}, ${length} characters, ${effort.calls} calls a round`,
    ['who', 'us/token, median of 5 (least..most)'],
    Array.from(times, ([name, values]) => [name, spread(values, 2)]),
  );
  lines.push(...compare(alg, times));
  if (alg === 'RS256') {
    for (const [figure, ours] of measureRefusals(world)) {
      lines.push({ figure, ours, target: BARS.refusalMilliseconds, met: ours < BARS.refusalMilliseconds });
    }
  }
}
console.log('');
for (const line of lines) console.log(JSON.stringify({ bench: 'verify', ...rounded(line) }));
if (process.argv.includes('--check') && lines.some(({ met }) => met === false)) process.exitCode = 1;

function compare(alg: BenchAlgorithm, times: Times): readonly Line[] {
  const micros = (name: string): number => median(times.get(name) ?? []);
  const [ours, cached] = [micros('ours'), micros('ours cached')];
  const others = ['jose', 'fast-jwt', 'aws-jwt-verify'] as const;
  const hasBar = alg === 'RS256';
  const figure = `${alg} us/token`;
  const overRaw = ours / micros('crypto.verify');
  return [
    {
      figure,
      ours,
      peer: 'crypto.verify',
      theirs: micros('crypto.verify'),
      ratio: overRaw,
      ...(hasBar ? { target: BARS.overRaw, met: overRaw <= BARS.overRaw } : {}),
    },
    ...others.map((peer) => {
      const ratio = micros(peer) / ours;
      const bar = hasBar && peer === 'jose' ? { target: BARS.fasterThanJose, met: ratio >= BARS.fasterThanJose } : {};
      return { figure, ours, peer, theirs: micros(peer), ratio, ...bar };
    }),
    {
      figure: `${alg} us/token, remembered`,
      ours: cached,
      peer: 'fast-jwt cached',
      theirs: micros('fast-jwt cached'),
      ratio: micros('fast-jwt cached') / cached,
      ...(hasBar ? { target: BARS.cachedMicros, met: cached <= BARS.cachedMicros } : {}),
    },
  ];
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function rounded(line: Line): Line {
  const { theirs, ratio } = line;
  return {
    ...line,
    ours: round(line.ours),
    ...(theirs === undefined ? {} : { theirs: round(theirs) }),
    ...(ratio === undefined ? {} : { ratio: round(ratio) }),
  };
}
