import { GRANT } from '../../oauth/client-assertion.ts';
import type { Snapshot, TokenxGrant } from '../../registry/model.ts';
import { refuse } from '../errors.ts';
import { requireParameter } from './token-form.ts';
import { shown } from '../shown.ts';
import { left } from './steps.ts';
import type { TokenRequest } from './token-request.ts';

/** A grant by its name in manifests and records. */
export type GrantName = TokenxGrant;

/** What a client may ask for whose manifest does not say. */
const USUAL: readonly GrantName[] = ['token-exchange'];

/** Step 3 (RFC 6749 4.4, RFC 8693 2.1): a grant we know. */
export function readGrant(state: TokenRequest): void {
  const { form, context, caller } = state;
  const legacy = context.config.errors === 'tokendings';
  const type = legacy ? form.get('grant_type') : requireParameter(form, 'grant_type');
  const grant = type === undefined ? undefined : grantOfType(type);
  if (grant === undefined) {
    const given = caller === undefined ? '' : `, not ${shown(type)}`;
    throw refuse('grant-type', `grant_type must be ${GRANT.tokenExchange} or ${GRANT.clientCredentials}${given}`);
  }
  state.grant = grant;
  state.facts.grant = grant;
}

/** Whether a client's registration has the grant; an unknown client is another matter. */
export function mayUseGrant(client: string, grant: GrantName, snapshot: Snapshot): boolean {
  const registration = snapshot.clientOf(client, 'tokenx')?.registration;
  return ((registration?.provider === 'tokenx' ? registration.grantTypes : undefined) ?? USUAL).includes(grant);
}

/** Step 10 (RFC 6749 5.2, `unauthorized_client`): the caller may use this grant at all. */
export function checkGrantAllowed(state: TokenRequest): void {
  const [grant, caller] = [left(state.grant), left(state.caller)];
  if (!mayUseGrant(caller.clientId, grant, state.snapshot))
    throw refuse('grant-not-allowed', `${caller.clientId} may not use this grant`);
}

/** The grant of a `grant_type`; undefined for one that is not given here. */
export function grantOfType(type: string): GrantName | undefined {
  if (type === GRANT.tokenExchange) return 'token-exchange';
  return type === GRANT.clientCredentials ? 'client_credentials' : undefined;
}
