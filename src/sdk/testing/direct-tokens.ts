import assert from 'node:assert/strict';
import type test from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import type { SdkEvent } from '../index.ts';
import { tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';
import { START } from './fixtures.ts';

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
/** A token for the application itself. */
export const MACHINE: { readonly provider: 'entra_id'; readonly target: string } = {
  provider: 'entra_id',
  target: 'local:fleet:register',
};

type TokensOptions = NonNullable<Parameters<typeof tokensFromEnv>[0]>;

interface Setup {
  readonly tokens: Tokens;
  readonly clock: { now: number };
  readonly sent: { readonly url: string; readonly form: Record<string, string> }[];
  readonly events: SdkEvent[];
  answer: () => Response;
}

/** Tokens on a clock, asked of providers that a test answers for; they end with the test. */
export function setup(t: test.TestContext, options: TokensOptions = {}): Setup {
  const clock = { now: START };
  const sent: Setup['sent'] = [];
  const events: SdkEvent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    assert.ok(typeof input === 'string');
    if (input.includes('/.well-known/')) {
      return Response.json({ issuer: 'https://tokenx.test', token_endpoint: 'https://tokenx.test/token' });
    }
    assert.ok(typeof init?.body === 'string');
    sent.push({ url: input, form: Object.fromEntries(new URLSearchParams(init.body)) });
    return made.answer();
  };
  const onEvent = (event: SdkEvent): void => {
    events.push(event);
  };
  const tokens = tokensFromEnv({ env: ENV, fetch, clock: () => clock.now, onEvent, ...options });
  t.after(() => {
    tokens.close();
  });
  const made: Setup = {
    tokens,
    clock,
    sent,
    events,
    answer: () => Response.json({ access_token: `t${sent.length}`, token_type: 'Bearer', expires_in: 3600 }),
  };
  return made;
}
