import assert from 'node:assert/strict';
import type test from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import { bearer, openTokens } from './open-tokens.ts';
import type { OpenTokens, TokensOptions } from './open-tokens.ts';

const JWK = JSON.stringify(await generatePrivateJwk('ES256', 'own-key'));
/** The environment of an application that asks three providers itself, with its own key. */
export const ENV: Readonly<Record<string, string>> = {
  AZURE_APP_CLIENT_ID: 'entra-client',
  AZURE_APP_JWK: JWK,
  AZURE_OPENID_CONFIG_ISSUER: 'https://entra.test/t/v2.0',
  AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: 'https://entra.test/token',
  TOKEN_X_CLIENT_ID: 'local:fleet:api',
  TOKEN_X_PRIVATE_JWK: JWK,
  TOKEN_X_WELL_KNOWN_URL: 'https://tokenx.test/.well-known/oauth-authorization-server',
  MASKINPORTEN_CLIENT_ID: 'mp-client',
  MASKINPORTEN_CLIENT_JWK: JWK,
  MASKINPORTEN_ISSUER: 'https://maskinporten.test/',
  MASKINPORTEN_TOKEN_ENDPOINT: 'https://maskinporten.test/token',
};
interface Setup extends OpenTokens {
  readonly sent: { readonly url: string; readonly form: Record<string, string> }[];
  answer: () => Response;
}

/** Tokens that are asked of providers, for which a test answers. */
export function setup(t: test.TestContext, options: TokensOptions = {}): Setup {
  const sent: Setup['sent'] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    assert.ok(typeof input === 'string');
    if (input.includes('/.well-known/')) {
      return Response.json({ issuer: 'https://tokenx.test', token_endpoint: 'https://tokenx.test/token' });
    }
    assert.ok(typeof init?.body === 'string');
    sent.push({ url: input, form: Object.fromEntries(new URLSearchParams(init.body)) });
    return made.answer();
  };
  const made: Setup = {
    ...openTokens(t, { env: ENV, fetch, ...options }),
    sent,
    answer: () => bearer(`t${sent.length}`),
  };
  return made;
}
