/**
 * What validating an access token costs: raw `crypto.verify`, our validation with all its checks, and jose.
 * `npm run bench -- verify [--quick]`. One after another, wall time, the three alternating in one run.
 */
import { verify } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { importVerificationKey, generatePrivateJwk, importSigningKey, publicJwk } from '../src/oauth/jwk.ts';
import { signJws } from '../src/oauth/jws.ts';
import { create } from '../src/sdk/index.ts';

const ISSUER = 'https://tokenx.example';
const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 3 : 5;
const CALLS = quick ? 2000 : 10_000;
const NOW = Math.floor(Date.now() / 1000);

const CLAIMS = {
  iss: ISSUER,
  aud: 'local:fleet:register',
  iat: NOW,
  nbf: NOW,
  exp: NOW + 3600,
  jti: 'b5d3f7a0-5b1e-4c0e-9c58-6a8f5f1f3a77',
  sub: 'c0ffee00-0000-4000-8000-000000000001',
  client_id: 'local:fleet:permit',
  idp: 'https://idporten.example',
  acr: 'idporten-loa-high',
  auth_time: NOW,
};

interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

async function contenders(alg: 'RS256' | 'ES256'): Promise<readonly Contender[]> {
  const jwk = await generatePrivateJwk(alg, 'bench');
  const token = await signJws({ typ: 'JWT' }, CLAIMS, importSigningKey(jwk));
  const jwks = { keys: [publicJwk(jwk)] };
  const { key } = importVerificationKey(publicJwk(jwk));
  const options = alg === 'RS256' ? { key } : ({ key, dsaEncoding: 'ieee-p1363' } as const);
  const audience = ['local:fleet:register'] as const;
  const ours = create([{ provider: 'tokenx', issuer: ISSUER, keys: { jwks }, audience, algorithms: [alg] }], {
    env: {},
  });
  const keySet = createLocalJWKSet(jwks);
  return [
    {
      name: 'raw',
      run: () => {
        const at = token.lastIndexOf('.');
        const signature = Buffer.from(token.slice(at + 1), 'base64url');
        if (!verify('sha256', Buffer.from(token.slice(0, at), 'latin1'), options, signature)) throw new Error('raw');
      },
    },
    { name: 'ours', run: () => ours.validateOrThrow(token) },
    {
      name: 'jose',
      run: () => jwtVerify(token, keySet, { issuer: ISSUER, audience: [...audience], algorithms: [alg] }),
    },
  ];
}

/** Microseconds for one call. */
async function measure({ run }: Contender): Promise<number> {
  const started = process.hrtime.bigint();
  for (let call = 0; call < CALLS; call += 1) await run();
  return Number(process.hrtime.bigint() - started) / 1000 / CALLS;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function benchmark(alg: 'RS256' | 'ES256'): Promise<ReadonlyMap<string, readonly number[]>> {
  const all = await contenders(alg);
  for (const contender of all) await measure(contender);
  const times = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of all) times.get(contender.name)?.push(await measure(contender));
  }
  return times;
}

const lines: string[] = [];
for (const alg of ['RS256', 'ES256'] as const) {
  const times = await benchmark(alg);
  const micros = (name: string): number => median(times.get(name) ?? []);
  console.log(`\n${alg}, ${CALLS} calls, median of ${ROUNDS} rounds`);
  for (const [name, values] of times) {
    const spread = `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`;
    console.log(`  ${name.padEnd(6)} ${micros(name).toFixed(1).padStart(8)} us/token   ${spread}`);
  }
  const [raw, ours, jose] = [micros('raw'), micros('ours'), micros('jose')];
  // The bars stand for RS256 (sidecar-sdk.md P1); ES256 is printed beside them.
  const bars = alg === 'RS256' ? { raw: 1.25, jose: 1.7 } : { raw: undefined, jose: undefined };
  const figure = `${alg.toLowerCase()} us/token`;
  for (const row of [
    {
      peer: 'crypto.verify',
      theirs: raw,
      ratio: ours / raw,
      target: bars.raw,
      met: bars.raw === undefined || ours / raw <= bars.raw,
    },
    {
      peer: 'jose',
      theirs: jose,
      ratio: jose / ours,
      target: bars.jose,
      met: bars.jose === undefined || jose / ours >= bars.jose,
    },
  ]) {
    const { peer, theirs, ratio, target, met } = row;
    lines.push(
      JSON.stringify({
        bench: 'verify',
        figure,
        ours: rounded(ours),
        peer,
        theirs: rounded(theirs),
        ratio: rounded(ratio),
        target,
        met,
      }),
    );
  }
}
console.log(`\n${lines.join('\n')}`);
