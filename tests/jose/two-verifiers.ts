import type { TestContext } from 'node:test';
import { importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { TestKeys } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';

/** One of the two programs that judge access tokens, over a key set the test writes. */
export interface AccessVerifier {
  readonly name: 'SDK' | 'sidecar';
  readonly leewaySeconds: number;
  readonly clock: { now: number };
  /** Claims that are good at the start, for this verifier. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** What is published from now on. */
  publish(...keys: readonly object[]): void;
  /** `accepted`, or the code or text of the refusal. */
  judge(token: string): Promise<string>;
}

/** An RSA issuer, a stranger that uses its key id, and an EC key. */
export const keys: TestKeys = await makeKeys();

/** The issuer's signing key. */
export const issuerKey: SigningKey = importSigningKey(keys.issuerJwk);

const CLAIMS = {
  aud: 'local:fleet:api',
  sub: 'u-1',
  jti: 'j-1',
  client_id: 'local:fleet:portal',
  idp: 'https://idporten.example.test',
  iat: START - 900,
  nbf: START - 900,
  exp: START + 900,
};

/** Both, each with its usual leeway. */
export async function bothVerifiers(t: TestContext): Promise<readonly AccessVerifier[]> {
  return [sdk(t), await sidecar(t)];
}

function sdk(t: TestContext): AccessVerifier {
  const clock = { now: START };
  const iss = 'https://tokenx.example.test';
  let published: readonly object[] = [publicJwk(keys.issuerJwk)];
  const auth = create([{ provider: 'tokenx', issuer: iss, keys: { jwksUri: `${iss}/jwks` }, audience: [CLAIMS.aud] }], {
    env: {},
    clock: () => clock.now,
    fetch: async () => Response.json({ keys: published }),
    verifiedCache: {},
  });
  t.after(() => auth.close());
  return {
    name: 'SDK',
    leewaySeconds: 30,
    clock,
    claims: { iss, ...CLAIMS },
    publish: (...list) => {
      published = list;
    },
    judge: async (token) => {
      const outcome = await auth.validate(token);
      return outcome.ok ? 'accepted' : outcome.error.code;
    },
  };
}

async function sidecar(t: TestContext): Promise<AccessVerifier> {
  const provider = await startProvider(t, keys);
  const running = await startSidecar(t, testEnv(provider.origin, keys));
  return {
    name: 'sidecar',
    leewaySeconds: 60,
    clock: running.clock,
    claims: { iss: `${provider.origin}/tokenx`, ...CLAIMS },
    publish: (...list) => {
      provider.keySet = () => json(200, { keys: list });
    },
    judge: async (token) => {
      const answer = await running.post('/introspect', { identity_provider: 'tokenx', token });
      const body: unknown = await answer.json();
      if (typeof body !== 'object' || body === null || !('active' in body)) return `status ${answer.status}`;
      return body.active === true ? 'accepted' : 'error' in body ? String(body.error) : 'refused';
    },
  };
}
