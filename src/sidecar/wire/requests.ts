import { authorizationDetails, flag, optionalText, requiredText } from './fields.ts';
import type { Fields } from './fields.ts';

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
