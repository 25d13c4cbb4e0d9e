import assert from 'node:assert/strict';
import type test from 'node:test';
import { bearer, openTokens } from './open-tokens.ts';
import type { OpenTokens } from './open-tokens.ts';

/** The environment of an application beside a sidecar. */
export const ENV: { readonly NAIS_TOKEN_ENDPOINT: string; readonly NAIS_TOKEN_EXCHANGE_ENDPOINT: string } = {
  NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token',
  NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token/exchange',
};

interface Setup extends OpenTokens {
  readonly sent: { readonly url: string; readonly body: Record<string, unknown> }[];
  answer: () => Response | Promise<Response>;
}

/** Tokens that are asked of a sidecar, for which a test answers. */
export function setup(t: test.TestContext, env: Readonly<Record<string, string>> = { ...ENV }): Setup {
  const sent: Setup['sent'] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    assert.ok(typeof input === 'string' && typeof init?.body === 'string');
    sent.push({ url: input, body: JSON.parse(init.body) });
    return await made.answer();
  };
  const made: Setup = { ...openTokens(t, { env, fetch }), sent, answer: () => bearer(`t${sent.length}`) };
  return made;
}
