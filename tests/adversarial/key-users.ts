import type { TestContext } from 'node:test';
import { createTestKeys, createWorld, IDP } from '../../src/exchange/testing/world.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { b64, keyOf, rs } from './malformed/template.ts';
import type { Signer } from './malformed/template.ts';

/** A program that fetches keys, and judges tokens by them. */
export interface KeyUser {
  readonly clock: { now: number };
  /** Judges a token of the issuer: `accepted`, `refused`, or `unavailable` when there are no keys to judge by. */
  present(kid: string | undefined, by: Signer, alg?: string): Promise<string>;
}

/** Keys of everyone but the issuer; dear, and the same for all. */
const exchangeKeys = createTestKeys();
const sidecarKeys = makeKeys();

/** Starts one over a key set at this address; it ends with the test. */
export type StartKeyUser = (t: TestContext, jwksUri: string) => Promise<KeyUser>;

/** By the name of the program. */
export const KEY_USERS: Readonly<Record<'exchange' | 'sidecar' | 'SDK', StartKeyUser>> = {
  async exchange(t, jwksUri) {
    const keys = await exchangeKeys;
    const world = await createWorld({ keys, idp: { jwksUri, algs: ['RS256', 'PS256', 'ES256'] } });
    t.after(() => world.close());
    return {
      clock: world.clock,
      async present(kid, by, alg) {
        const claims = { iss: IDP, sub: 'u-1', client_id: 'login-client', ...life(world.clock.now) };
        const { status, body, text } = await world.exchange({ subject_token: token({ kid, claims, by, alg }) });
        if (status === 200) return 'accepted';
        if (status === 503) return 'unavailable';
        return status === 400 && body['fm_reason'] === 'subject-signature' ? 'refused' : `${status} ${text}`;
      },
    };
  },
  async sidecar(t, jwksUri) {
    const keys = await sidecarKeys;
    const env = testEnv(new URL(jwksUri).origin, keys);
    const sidecar = await startSidecar(t, { ...env, TOKEN_X_JWKS_URI: jwksUri });
    return {
      clock: sidecar.clock,
      async present(kid, by, alg) {
        const claims = { iss: env['TOKEN_X_ISSUER'], sub: 'u-1', aud: 'local:fleet:api', ...life(sidecar.clock.now) };
        const asked = { identity_provider: 'tokenx', token: token({ kid, claims, by, alg }) };
        const answer = await sidecar.post('/introspect', asked);
        if (answer.status === 500) return 'unavailable';
        return (await answer.text()).startsWith('{"active":true') ? 'accepted' : 'refused';
      },
    };
  },
  SDK: (t, jwksUri) => {
    const clock = { now: 1_800_000_000 };
    const iss = 'https://op.example.test';
    const auth = create(
      [
        {
          provider: 'oidc:mine',
          issuer: iss,
          keys: { jwksUri },
          audience: ['me'],
          algorithms: ['RS256', 'PS256', 'ES256'],
        },
      ],
      {
        env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' },
        clock: () => clock.now,
      },
    );
    t.after(() => auth.close());
    return Promise.resolve({
      clock,
      async present(kid, by, alg) {
        const claims = { iss, sub: 'u-1', aud: 'me', ...life(clock.now) };
        const verdict = await auth.validate(token({ kid, claims, by, alg }));
        if (verdict.ok) return 'accepted';
        return verdict.error.code === 'keys_unavailable' ? 'unavailable' : 'refused';
      },
    });
  },
};

/** What signs with this private key. */
export const signerOf = (jwk: PrivateJwk): Signer => rs(keyOf(jwk));

function life(now: number): { readonly iat: number; readonly exp: number; readonly jti: string } {
  return { iat: now - 1, exp: now + 300, jti: 'j' };
}

function token(parts: {
  readonly kid: string | undefined;
  readonly claims: object;
  readonly by: Signer;
  readonly alg: string | undefined;
}): string {
  const { kid, claims, by, alg = 'RS256' } = parts;
  const input = `${b64(JSON.stringify({ alg, kid, typ: 'JWT' }))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${b64(by(Buffer.from(input)))}`;
}
