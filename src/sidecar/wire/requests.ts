import { authorizationDetails, flag, optionalText, requiredText } from './fields.ts';
import type { BodyFields, Fields } from './fields.ts';

/** POST /api/v1/token. */
export interface TokenRequest {
  readonly provider: string;
  readonly target: string;
  readonly resource: string | undefined;
  readonly authorizationDetails: readonly unknown[] | undefined;
  readonly skipCache: boolean;
}

/** POST /api/v1/token/exchange. */
export interface ExchangeRequest {
  readonly provider: string;
  readonly target: string;
  readonly userToken: string;
  readonly skipCache: boolean;
}

/** POST /api/v1/introspect. */
export interface IntrospectRequest {
  readonly provider: string;
  readonly token: string;
}

/** The provider by its canonical name. Whether there is such a provider is for the endpoint to say. */
function provider(fields: Fields): string {
  const name = requiredText(fields, 'identity_provider');
  return name === 'azuread' ? 'entra_id' : name;
}

const MACHINE_FIELDS: ReadonlySet<string> = new Set([
  'identity_provider',
  'target',
  'resource',
  'authorization_details',
  'skip_cache',
]);

/** Whether nothing else is in the request than what a machine token is asked for with. */
export function hasMachineFieldsOnly(fields: BodyFields): boolean {
  for (const name of fields.names()) if (!MACHINE_FIELDS.has(name)) return false;
  return true;
}

/** Throws Undecodable. */
export function parseTokenRequest(fields: Fields): TokenRequest {
  return {
    provider: provider(fields),
    target: requiredText(fields, 'target'),
    resource: optionalText(fields, 'resource'),
    authorizationDetails: authorizationDetails(fields),
    skipCache: flag(fields, 'skip_cache'),
  };
}

/** Throws Undecodable. */
export function parseExchangeRequest(fields: Fields): ExchangeRequest {
  return {
    provider: provider(fields),
    target: requiredText(fields, 'target'),
    userToken: requiredText(fields, 'user_token'),
    skipCache: flag(fields, 'skip_cache'),
  };
}

/** Throws Undecodable. */
export function parseIntrospectRequest(fields: Fields): IntrospectRequest {
  return { provider: provider(fields), token: requiredText(fields, 'token') };
}
