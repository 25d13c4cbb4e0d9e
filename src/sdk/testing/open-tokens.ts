import type test from 'node:test';
import type { SdkEvent } from '../index.ts';
import { tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';
import { START } from './fixtures.ts';

/** A token for the application itself. */
export const MACHINE: { readonly provider: 'entra_id'; readonly target: string } = {
  provider: 'entra_id',
  target: 'local:fleet:register',
};

/** What `tokensFromEnv` takes. */
export type TokensOptions = NonNullable<Parameters<typeof tokensFromEnv>[0]>;

/** Tokens on a clock, and what they told. */
export interface OpenTokens {
  readonly tokens: Tokens;
  readonly clock: { now: number };
  readonly events: SdkEvent[];
}

/** They end with the test. */
export function openTokens(t: test.TestContext, options: TokensOptions): OpenTokens {
  const clock = { now: START };
  const events: SdkEvent[] = [];
  const onEvent = (event: SdkEvent): void => {
    events.push(event);
  };
  const tokens = tokensFromEnv({ clock: () => clock.now, onEvent, ...options });
  t.after(() => {
    tokens.close();
  });
  return { tokens, clock, events };
}

/** The answer with this token, good for an hour. */
export function bearer(token: string): Response {
  return Response.json({ access_token: token, token_type: 'Bearer', expires_in: 3600 });
}
