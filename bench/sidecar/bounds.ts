import type { LoadedToken } from '../../src/oauth/tokens/cached-token.ts';
import { createTokenCache } from '../../src/oauth/tokens/token-cache.ts';
import type { TokenCache } from '../../src/oauth/tokens/token-cache.ts';
import { median, printTable } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { asJson } from './asking.ts';
import type { Asking } from './asking.ts';
import type { Load } from './load.ts';

/** sidecar-sdk.md P8. */
const OFFERED = 300_000;
const HITS = 20_000;
const TIMES_NEAR_EMPTY = 2;
const ROUNDS = 5;
const REFUSAL_MS = 1;
const REFUSALS = 60;
const WARM_UP = 40;
const MEBIBYTE = 1024 * 1024;
const MANY_AUDIENCES = 10_000;

/** What a hit takes in a cache that has been offered more than it may hold, beside one with a single entry. */
export async function measureCache(): Promise<readonly Figure[]> {
  const [few, many] = [openCache(), openCache()];
  await get(few, 'used');
  await get(many, 'used');
  await get(many, 'used');
  for (let at = 0; at < OFFERED; at += 1) await get(many, `t${at}`);
  const [near, full]: [number[], number[]] = [[], []];
  for (let round = -1; round < ROUNDS; round += 1) {
    // oxlint-disable no-await-in-loop -- one at a time is the point
    const [one, other] = [await hitMicros(few), await hitMicros(many)];
    // oxlint-enable no-await-in-loop
    if (round < 0) continue;
    near.push(one);
    full.push(other);
  }
  const { entries, bytes } = many.size();
  few.close();
  many.close();
  printTable(
    `${OFFERED} keys offered to a token cache`,
    ['entries', 'MiB', 'us a hit', 'us a hit with one entry'],
    [[String(entries), (bytes / MEBIBYTE).toFixed(1), median(full).toFixed(2), median(near).toFixed(2)]],
  );
  return [
    {
      figure: `${OFFERED} keys offered: a hit, times that of a near-empty cache`,
      ours: median(full) / median(near),
      target: TIMES_NEAR_EMPTY,
      better: 'lower',
    },
  ];
}

function openCache(): TokenCache<string> {
  return createTokenCache<string>({ now: () => 43_200, refreshAhead: true, everySecond: () => () => {} });
}

async function get(cache: TokenCache<string>, target: string): Promise<void> {
  const load = async (): Promise<LoadedToken<string>> => ({ value: target, expiresIn: 3600, bytes: 10 });
  await cache.get({ provider: 'p', issuer: 'i', clientId: 'c', grant: 'machine', target }, load);
}

async function hitMicros(cache: TokenCache<string>): Promise<number> {
  const startedAt = performance.now();
  // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
  for (let at = 0; at < HITS; at += 1) await get(cache, 'used');
  return ((performance.now() - startedAt) * 1000) / HITS;
}

function introspect(token: string, status: number): Asking {
  return { ...asJson('/api/v1/introspect', { identity_provider: 'tokenx', token }), status };
}

/** Processor time of refusing what is much too large; most of it is taking the bytes off the wire. */
export async function measureRefusals(
  { ours, bare }: { readonly ours: BenchServer; readonly bare: BenchServer },
  load: Load,
): Promise<readonly Figure[]> {
  const payload = JSON.stringify({ aud: Array.from({ length: MANY_AUDIENCES }, () => 'a') });
  const segments = [JSON.stringify({ alg: 'RS256', kid: 'bench-issuer' }), payload, 'signature'];
  const kinds: Readonly<Record<string, Asking>> = {
    'a token of 1 MiB': introspect('e'.repeat(MEBIBYTE), 400),
    'a token of 10,000 audiences': introspect(
      segments.map((each) => Buffer.from(each).toString('base64url')).join('.'),
      200,
    ),
  };
  const figures: Figure[] = [];
  const rows: string[][] = [];
  for (const [name, asking] of Object.entries(kinds)) {
    // oxlint-disable no-await-in-loop -- one at a time is the point
    const ms = await refuse(asking, ours, load);
    const theirs = await refuse({ ...asking, path: '/nothing', status: 404 }, bare, load);
    // oxlint-enable no-await-in-loop
    rows.push([name, ms.toFixed(3), theirs.toFixed(3)]);
    figures.push(
      { figure: `${name}: cpu ms to refuse it, beside a bare server that reads it`, ours: ms, theirs },
      {
        figure: `${name}: cpu ms to refuse it, more than that`,
        ours: ms - theirs,
        target: REFUSAL_MS,
        better: 'lower',
      },
    );
  }
  printTable('Refused for size', ['what', 'cpu ms', 'read by a bare server'], rows);
  return figures;
}

/** Milliseconds for each, on a connection of its own: what is too large is the last on one. */
async function refuse(asking: Asking, server: BenchServer, load: Load): Promise<number> {
  let before = 0;
  for (let time = -WARM_UP; time < REFUSALS; time += 1) {
    if (time === 0) before = server.cpuMicros();
    // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
    await load.ask({ task: 'burst', port: server.port, connections: 1, askings: [asking], count: 1 });
  }
  return (server.cpuMicros() - before) / 1000 / REFUSALS;
}
