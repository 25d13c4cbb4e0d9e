// How fast is the local identity provider? Its token endpoint beside oidc-provider's, the same requests for both; then how soon
// it is up, and what it holds after a day's work. Every server has its own process; neither side writes a log.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateJwk } from '../src/oauth/jwk.ts';
import { bareMicros } from './idp/bare.ts';
import { measureMemory } from './idp/memory.ts';
import { clientCredentials, entraClientCredentials, maskinportenGrant } from './idp/requests.ts';
import { median, printFigures, printSamples } from './idp/report.ts';
import type { Figure } from './idp/report.ts';
import { runRounds } from './idp/rounds.ts';
import type { Sample, Side } from './idp/rounds.ts';
import { measureStart } from './idp/start.ts';
import type { BenchAlgorithm, BenchKeys } from './idp/world.ts';

const PEER = 'oidc-provider';
const PEER_FILE = join(import.meta.dirname, 'idp', 'peer.ts');
const OUR_FILE = join(import.meta.dirname, 'idp', 'ours.ts');

const quick = process.argv.includes('--quick');
const effort = quick ? { rounds: 3, requests: 2000, warmUp: 1000 } : { rounds: 3, requests: 12_000, warmUp: 3000 };
const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-bench-'));
const keys: BenchKeys = {
  RS256: await generatePrivateJwk('RS256', 'bench-rsa-1'),
  ES256: await generatePrivateJwk('ES256', 'bench-ec-1'),
};
try {
  const figures = [...(await compare('ES256')), ...(await compare('RS256'))];
  figures.push(...(await measureStart({ keys, rounds: quick ? 3 : 7 })));
  figures.push(
    await measureMemory({
      keys,
      stateDir,
      ...(quick ? { logins: 1000, calls: 1200 } : { logins: 10_000, calls: 12_000 }),
    }),
  );
  printFigures(figures);
} finally {
  await rm(stateDir, { recursive: true, force: true });
}

async function compare(alg: BenchAlgorithm): Promise<readonly Figure[]> {
  const sides = alg === 'ES256' ? [openid(alg), peer(alg)] : [openid(alg), peer(alg), ...beside()];
  const samples = await runRounds(sides, effort);
  printSamples(alg, samples, await bareMicros(keys[alg]));
  return [...againstPeer(alg, samples), ...(alg === 'RS256' ? besideOpenid(samples) : [])];
}

function openid(alg: BenchAlgorithm): Side {
  const task = { personas: ['openid'], stateDir, keys };
  return { name: 'openid', file: OUR_FILE, task, listener: 'OpenID', make: clientCredentials(keys, alg) };
}

function peer(alg: BenchAlgorithm): Side {
  return { name: PEER, file: PEER_FILE, task: keys, listener: 'token', make: clientCredentials(keys, alg) };
}

function beside(): readonly Side[] {
  const side = (name: string, listener: string, make: Side['make']): Side => {
    return { name, file: OUR_FILE, task: { personas: [name], stateDir, keys }, listener, make };
  };
  return [
    side('maskinporten', 'Maskinporten', maskinportenGrant(keys)),
    side('entra', 'Entra ID (http)', entraClientCredentials(keys)),
  ];
}

function againstPeer(alg: BenchAlgorithm, samples: ReadonlyMap<string, readonly Sample[]>): readonly Figure[] {
  const of = (side: string, read: (sample: Sample) => number): number => median((samples.get(side) ?? []).map(read));
  const [ours, theirs] = [of('openid', (each) => each.perSecond), of(PEER, (each) => each.perSecond)];
  const [cpu, theirCpu] = [of('openid', (each) => each.cpuMicros), of(PEER, (each) => each.cpuMicros)];
  const scored = alg === 'ES256';
  const name = alg.toLowerCase();
  const throughput = { figure: `${name} requests/s`, ours, peer: PEER, theirs, ratio: ours / theirs };
  const perRequest = {
    figure: `${name} cpu µs/request`,
    ours: cpu,
    peer: PEER,
    theirs: theirCpu,
    ratio: theirCpu / cpu,
  };
  return scored ? [{ ...throughput, target: 3 }, perRequest] : [throughput, { ...perRequest, target: 1.7 }];
}

/** The faithful personas do more, and are to be hardly slower for it. */
function besideOpenid(samples: ReadonlyMap<string, readonly Sample[]>): readonly Figure[] {
  const of = (side: string, read: (sample: Sample) => number): number => median((samples.get(side) ?? []).map(read));
  return ['maskinporten', 'entra'].flatMap((name) => {
    const [rate, base] = [of(name, (each) => each.perSecond), of('openid', (each) => each.perSecond)];
    const [cpu, baseCpu] = [of(name, (each) => each.cpuMicros), of('openid', (each) => each.cpuMicros)];
    const common = { peer: 'openid', target: 0.9 };
    return [
      { figure: `rs256 requests/s of ${name}`, ours: rate, theirs: base, ratio: rate / base, ...common },
      { figure: `rs256 cpu µs/request of ${name}`, ours: cpu, theirs: baseCpu, ratio: baseCpu / cpu, ...common },
    ];
  });
}
