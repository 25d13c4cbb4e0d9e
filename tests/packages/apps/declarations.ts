import { allOf, create, fromEnv, requireAcr, requireMachine, requireUser } from '@fullmakt/sdk';
import type { Guard, Principal, TokenxUser } from '@fullmakt/sdk';
import { createFetch } from '@fullmakt/sdk/fetch';
import { principalFrom } from '@fullmakt/sdk/next';
import { protect } from '@fullmakt/sdk/node';
import { createTestIssuer, fakeClock } from '@fullmakt/sdk/testing';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

const user: Guard<TokenxUser> = allOf(requireUser('tokenx'), requireAcr('high'));
const auth = fromEnv({ maskinporten: { requiredScope: 'a:b' } });
const everyone: Guard<Principal> = requireMachine('entra_id');
const listener = protect(auth, user, (_req, res, principal) => {
  const pid: string | undefined = principal.claims.pid;
  res.end(pid);
});
const whoCalls = (headers: Headers): Promise<TokenxUser> => principalFrom(auth, user, headers);
const register = createFetch(tokensFromEnv(), {
  origins: ['http://register'],
  as: 'user',
  provider: 'tokenx',
  target: 'dev:team-b:register',
});
const issuer = createTestIssuer({ clock: fakeClock() });

export const all: readonly unknown[] = [auth, everyone, listener, whoCalls, register, issuer];

// @ts-expect-error -- a route without a guard does not compile
protect(auth, undefined, (_req, res) => res.end());
// @ts-expect-error -- nor does an issuer whose audience nobody checks
create([{ provider: 'oidc:x', issuer: 'https://x.example', keys: { jwksUri: 'https://x.example/jwks' } }]);
