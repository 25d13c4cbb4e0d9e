import { GRANT } from '../oauth/client-assertion.ts';
import type { TokenxGrant } from '../registry/model.ts';
import { refuse } from './errors.ts';
import { requireParameter } from './token-form.ts';
import { left } from './steps.ts';
import type { TokenRequest } from './token-request.ts';

/** A grant by its name in manifests and records. */
export type GrantName = TokenxGrant;

/** What a client may ask for whose manifest does not say. */
const USUAL: readonly GrantName[] = ['token-exchange'];

/** Step 3 (RFC 6749 4.4, RFC 8693 2.1): a grant we know. */
export function readGrant(state: TokenRequest): void {
  const type = requireParameter(state.form, 'grant_type');
  const grant = grantOfType(type);
  if (grant === undefined) {
    throw refuse('grant-type', `grant_type must be ${GRANT.tokenExchange} or ${GRANT.clientCredentials}`);
  }
  state.grant = grant;
  state.facts.grant = grant;
}

/** Step 10 (RFC 6749 5.2, `unauthorized_client`): the caller may use this grant at all. */
export function checkGrantAllowed(state: TokenRequest): void {
  const [grant, caller] = [left(state.grant), left(state.caller)];
  const registration = state.snapshot.clientOf(caller.clientId, 'tokenx')?.registration;
  const allowed = registration?.provider === 'tokenx' ? (registration.grantTypes ?? USUAL) : USUAL;
  if (!allowed.includes(grant)) throw refuse('grant-not-allowed', `${caller.clientId} may not use this grant`);
}

function grantOfType(type: string): GrantName | undefined {
  if (type === GRANT.tokenExchange) return 'token-exchange';
  return type === GRANT.clientCredentials ? 'client_credentials' : undefined;
}
