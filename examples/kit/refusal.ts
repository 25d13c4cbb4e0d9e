import type { AuthError } from '@fullmakt/sdk';
import type { AcquireError } from '@fullmakt/sdk/tokens';
import type { Chain, Hop, Refusal } from './chain.ts';
import type { Answer } from './serve.ts';

/** The answer to a request whose token was refused, with the challenge of RFC 6750 or RFC 9470. */
export function refuse(service: string, error: AuthError): Answer {
  const challenge = error.challenge();
  const refusal: Refusal = {
    by: service,
    status: error.status,
    error: error.code,
    description:
      challenge === undefined ? 'The keys of the issuer cannot be had now.' : `WWW-Authenticate: ${challenge}`,
    remedy: '',
  };
  const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
  return { status: error.status, headers, json: { hops: [], refusal } };
}

/** A chain that ended where no token could be had. */
export function notGiven(provider: string, error: AcquireError, hop?: Hop): Chain {
  const refusal: Refusal = {
    by: provider,
    status: error.status ?? 503,
    error: error.oauthError ?? error.kind,
    description: error.message,
    remedy:
      error.kind === 'policy'
        ? 'The terminal that runs `fullmakt up` names the manifest line that would allow this.'
        : '',
  };
  return { hops: hop === undefined ? [] : [hop], refusal };
}
