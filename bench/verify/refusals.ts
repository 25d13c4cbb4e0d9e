import { create } from '../../src/sdk/index.ts';
import { leastCpuMilliseconds } from './measure.ts';
import { AUDIENCE, ISSUER } from './tokens.ts';
import type { TokenWorld } from './tokens.ts';

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** CPU milliseconds until what is far too much is refused (sidecar-sdk.md P8). */
export function measureRefusals({ jwk }: TokenWorld): ReadonlyMap<string, number> {
  const auth = create([{ provider: 'tokenx', issuer: ISSUER, keys: { jwks: { keys: [jwk] } }, audience: [AUDIENCE] }], {
    env: {},
  });
  const header = segment({ alg: 'RS256', kid: jwk.kid, typ: 'JWT' });
  const many = (count: number, item: string): string =>
    `${header}.${segment({ iss: ISSUER, aud: Array(count).fill(item) })}.${'A'.repeat(342)}`;
  const tokens = {
    'a token of 1 MiB refused, ms CPU': 'A'.repeat(1024 * 1024),
    '10,000 audiences refused, ms CPU': many(10_000, 'a'),
    'as many audiences as fit into 16 KiB refused, ms CPU': many(2_900, 'a'),
  };
  return new Map(
    Object.entries(tokens).map(([what, token]) => [
      what,
      leastCpuMilliseconds(() => {
        if (auth.validateSync(token).ok) throw new Error('accepted');
      }),
    ]),
  );
}
