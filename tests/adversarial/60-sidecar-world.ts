import type { TestContext } from 'node:test';
import { create } from '../../src/sdk/index.ts';
import type { Fullmakt } from '../../src/sdk/index.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { b64, keyOf, rs } from './malformed/template.ts';

/** A sidecar and the library, which judge tokens of one issuer. */
export interface Both {
  readonly keys: Awaited<ReturnType<typeof makeKeys>>;
  readonly sidecar: TestSidecar;
  readonly auth: Fullmakt;
  /** Of a token that is good for both. */
  readonly claims: { readonly iss: string; readonly aud: string } & Readonly<Record<string, unknown>>;
  /** Signed whatever it is, which our own signer would not do. */
  readonly signed: (claims: string, header?: string) => string;
  /** A good request to each endpoint. */
  readonly good: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Starts both; they end with the test. */
export async function openBoth(t: TestContext): Promise<Both> {
  const keys = await makeKeys();
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  const claims = {
    iss: `${provider.origin}/tokenx`,
    aud: 'local:fleet:api',
    sub: 'u-1',
    client_id: 'local:fleet:web',
    idp: 'https://idporten.example.test',
    jti: 'j-1',
    iat: START,
    nbf: START,
    exp: START + 600,
  };
  const auth = create(
    [{ provider: 'tokenx', issuer: claims.iss, keys: { jwksUri: `${provider.origin}/jwks` }, audience: [claims.aud] }],
    { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => START, explain: true },
  );
  t.after(() => auth.close());
  await auth.ready();
  const signed = (text: string, header = '{"alg":"RS256","kid":"issuer-key"}'): string => {
    const input = `${b64(header)}.${b64(text)}`;
    return `${input}.${b64(rs(keyOf(keys.issuerJwk))(Buffer.from(input)))}`;
  };
  return { keys, sidecar, auth, claims, signed, good: goodRequests(signed(JSON.stringify(claims))) };
}

function goodRequests(token: string): Both['good'] {
  return {
    '/api/v1/token': {
      identity_provider: 'maskinporten',
      target: 'a b',
      resource: 'https://x.test',
      authorization_details: '[{"type":"t"}]',
    },
    '/api/v1/token/exchange': {
      identity_provider: 'tokenx',
      target: 'a:b:c',
      user_token: token,
      skip_cache: 'false',
    },
    '/api/v1/introspect': { identity_provider: 'tokenx', token },
  };
}
