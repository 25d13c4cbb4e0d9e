import type { AuthErrorCode } from '../auth-error.ts';
import { fromEnv } from '../index.ts';
import type { Fullmakt, Guard, Principal } from '../index.ts';
import { CLAIMS, ENV, keyFetch, mint, START } from './fixtures.ts';
import type { Keys, TokenKind } from './fixtures.ts';

/** A verdict on a principal: `ok`, the guard's code, or `token: ` and why there is no principal at all. */
export type Verdict = 'ok' | AuthErrorCode | `token: ${AuthErrorCode}`;

/** Principals by way of tokens, for tests of guards. */
export interface Principals {
  /** The principal of a token with these claims changed. Throws where the token is refused. */
  readonly of: (kind: TokenKind, changes?: object) => Promise<Principal>;
  /** What a guard says of it. */
  readonly verdict: (guard: Guard, kind: TokenKind, changes?: object) => Promise<Verdict>;
}

/** Makes them; `env` is added to the usual environment. */
export function makePrincipals(keys: Keys, env: object = {}): Principals {
  const validate = async (kind: TokenKind, changes: object): ReturnType<Fullmakt['validate']> => {
    const auth = fromEnv({
      env: { ...ENV, ...env },
      fetch: keyFetch(keys).fetch,
      clock: () => START,
      maskinporten: { requiredScope: { any: ['fleet:read', 'other'] } },
    });
    try {
      return await auth.validate(await mint({ ...CLAIMS[kind], ...changes }, keys.issuer));
    } finally {
      auth.close();
    }
  };
  return {
    async of(kind, changes = {}) {
      const outcome = await validate(kind, changes);
      if (!outcome.ok) throw outcome.error;
      return outcome.principal;
    },
    async verdict(guard, kind, changes = {}) {
      const outcome = await validate(kind, changes);
      return outcome.ok ? judge(guard, outcome.principal) : `token: ${outcome.error.code}`;
    },
  };
}

/** What a guard says of a principal. */
export function judge(guard: Guard, principal: Principal): 'ok' | AuthErrorCode {
  const outcome = guard(principal);
  return outcome.ok ? 'ok' : outcome.error.code;
}
