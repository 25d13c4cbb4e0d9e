import type { TestContext } from 'node:test';
import type { AuthErrorCode } from '../auth-error.ts';
import { ENV, keyFetch, START } from './fixtures.ts';
import type { Keys, TokenKind } from './fixtures.ts';
import { fromEnv } from '../index.ts';
import type { Fullmakt, Principal, SdkEvent } from '../index.ts';

/** One token of each. */
export const KINDS: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'tokenx-user',
  'tokenx-machine',
  'idporten',
  'maskinporten',
  'oidc',
];

/** A Fullmakt with every issuer, and what its test moves and watches. */
export interface MadeAuth {
  readonly auth: Fullmakt;
  readonly clock: { now: number };
  readonly net: ReturnType<typeof keyFetch>;
  readonly events: SdkEvent[];
}

/** A Fullmakt whose issuers publish these keys, closed with the test. */
export function makeAuth(t: TestContext, keys: Keys, options: object = {}): MadeAuth {
  const clock = { now: START };
  const net = keyFetch(keys);
  const events: SdkEvent[] = [];
  const auth = fromEnv({
    env: ENV,
    fetch: net.fetch,
    clock: () => clock.now,
    maskinporten: { requiredScope: 'fleet:read' },
    onEvent: (event) => events.push(event),
    explain: true,
    ...options,
  });
  t.after(() => {
    auth.close();
  });
  return { auth, clock, net, events };
}

/** Why a token is refused; its principal if it is not. */
export async function codeOf(auth: Fullmakt, token: string): Promise<AuthErrorCode | Principal> {
  const outcome = await auth.validate(token);
  return outcome.ok ? outcome.principal : outcome.error.code;
}
