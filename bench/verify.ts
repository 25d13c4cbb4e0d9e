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

/** Who is measured together: code of seven at once would leave none of them the caches it has alone. */
const GROUPS = [
  ['crypto.verify', 'ours', 'ours awaited', 'jose'],
  ['ours', 'fast-jwt', 'aws-jwt-verify'],
  ['ours cached', 'fast-jwt cached'],
];

const quick = process.argv.includes('--quick');
const effort: Effort = quick ? { calls: 2000, rounds: 5 } : { calls: 10_000, rounds: 5 };

const lines: Line[] = [];
for (const alg of ALGORITHMS) {
  const world = await makeTokens(alg);
  const everyone = contendersFor(world);
  const length = world.tokens[0]?.length ?? 0;
  for (const group of GROUPS) {
    const present = everyone.filter(({ name }) => group.includes(name));
    const times = await takeTurns(present, world, effort);
    printTable(
      `${alg}, ${length} characters, ${effort.calls} calls a round`,
      ['who', 'us/token, median of 5 (least..most)'],
      Array.from(times, ([name, values]) => [name, spread(values, 2)]),
    );
    lines.push(...compare(alg, times));
  }
  if (alg === 'RS256') {
    for (const [figure, ours] of measureRefusals(world)) {
      lines.push({ figure, ours, target: BARS.refusalMilliseconds, met: ours < BARS.refusalMilliseconds });
    }
  }
}
console.log('');
for (const line of lines) console.log(JSON.stringify({ bench: 'verify', ...rounded(line) }));
if (process.argv.includes('--check') && lines.some(({ met }) => met === false)) process.exitCode = 1;

/** Ours against everyone else of the group: where somebody has to be awaited, ours is too. */
function compare(alg: BenchAlgorithm, times: Times): readonly Line[] {
  return Array.from(times).flatMap(([peer, values]) => {
    if (peer.startsWith('ours')) return [];
    const name = peer === 'jose' ? 'ours awaited' : peer === 'fast-jwt cached' ? 'ours cached' : 'ours';
    const [ours, theirs] = [median(times.get(name) ?? []), median(values)];
    const ratio = peer === 'crypto.verify' ? ours / theirs : theirs / ours;
    const figure = `${alg} us/token${name.slice('ours'.length).replace(' ', ', ')}`;
    return [{ figure, ours, peer, theirs, ratio, ...(alg === 'RS256' ? barFor(peer, ours, ratio) : {}) }];
  });
}

function barFor(peer: string, ours: number, ratio: number): Pick<Line, 'target' | 'met'> {
  if (peer === 'crypto.verify') return { target: BARS.overRaw, met: ratio <= BARS.overRaw };
  if (peer === 'jose') return { target: BARS.fasterThanJose, met: ratio >= BARS.fasterThanJose };
  if (peer === 'fast-jwt cached') return { target: BARS.cachedMicros, met: ours <= BARS.cachedMicros };
  return {};
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
