/** Every `error` value we send or understand (RFC 6749 5.2 and 4.1.2.1, 6750, 7009, 7591, 8693, 9101, 9126, 9396, 9449, 9470, OpenID Connect Core). */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'login_required'
  | 'interaction_required'
  | 'consent_required'
  | 'account_selection_required'
  | 'unmet_authentication_requirements'
  | 'invalid_request_uri'
  | 'invalid_request_object'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'invalid_authorization_details'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

/** What goes with an error besides its description. `reason` and `cause` are for the log, never for the client. */
export interface ErrorDetail {
  readonly reason?: string;
  readonly cause?: unknown;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

/** An error a client may see. `description` is safe for strangers; `reason` and `cause` are for the log. */
export class OAuthError extends Error {
  override readonly name: string = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly description: string;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: OAuthErrorCode, description: string, detail: ErrorDetail & { readonly status: number }) {
    super(`${code}: ${description}`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.description = description;
    this.status = detail.status;
    this.reason = detail.reason ?? code;
    this.headers = detail.headers ?? {};
  }
}

/** 400 `invalid_request` (RFC 6749 5.2): a parameter is missing, repeated, malformed or contradicts another. */
export function invalidRequest(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_request', description, { status: 400, ...detail });
}

/** 401 `invalid_client` (RFC 6749 5.2): client authentication failed. */
export function invalidClient(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_client', description, { status: 401, ...detail });
}

/** 400 `invalid_grant` (RFC 6749 5.2): the code, refresh token or assertion is invalid, expired or another client's. */
export function invalidGrant(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_grant', description, { status: 400, ...detail });
}

/** 400 `unauthorized_client` (RFC 6749 5.2): this client may not use this grant. */
export function unauthorizedClient(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('unauthorized_client', description, { status: 400, ...detail });
}

/** 400 `unsupported_grant_type` (RFC 6749 5.2). */
export function unsupportedGrantType(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('unsupported_grant_type', description, { status: 400, ...detail });
}

/** 400 `unsupported_response_type` (RFC 6749 4.1.2.1). */
export function unsupportedResponseType(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('unsupported_response_type', description, { status: 400, ...detail });
}

/** 400 `invalid_scope` (RFC 6749 5.2): unknown, malformed or more than granted. */
export function invalidScope(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_scope', description, { status: 400, ...detail });
}

/** 400 `invalid_target` (RFC 8693 2.2.2, RFC 8707 2): no token for this audience or resource. */
export function invalidTarget(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_target', description, { status: 400, ...detail });
}

/** 400 `access_denied` (RFC 6749 4.1.2.1): the user or a rule said no. */
export function accessDenied(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('access_denied', description, { status: 400, ...detail });
}

/** 400 `login_required` (OpenID Connect Core 3.1.2.6): `prompt=none`, but nobody is signed in. */
export function loginRequired(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('login_required', description, { status: 400, ...detail });
}

/** 400 `interaction_required` (OpenID Connect Core 3.1.2.6): only the user can bring this on. */
export function interactionRequired(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('interaction_required', description, { status: 400, ...detail });
}

/** 400 `consent_required` (OpenID Connect Core 3.1.2.6). */
export function consentRequired(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('consent_required', description, { status: 400, ...detail });
}

/** 400 `invalid_request_uri` (RFC 9126 2.2, OpenID Connect Core 3.1.2.6): unknown, spent or another client's. */
export function invalidRequestUri(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('invalid_request_uri', description, { status: 400, ...detail });
}

/** 401 `invalid_token` with its challenge (RFC 6750 3.1). */
export function invalidToken(description: string, detail?: ErrorDetail): OAuthError {
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"', ...detail?.headers };
  return new OAuthError('invalid_token', description, { status: 401, ...detail, headers });
}

/** 403 `insufficient_scope` with its challenge (RFC 6750 3.1). */
export function insufficientScope(description: string, detail?: ErrorDetail): OAuthError {
  const headers = { 'WWW-Authenticate': 'Bearer error="insufficient_scope"', ...detail?.headers };
  return new OAuthError('insufficient_scope', description, { status: 403, ...detail, headers });
}

/** 500 `server_error`: a bug or a broken promise of ours. */
export function serverError(description: string, detail?: ErrorDetail): OAuthError {
  return new OAuthError('server_error', description, { status: 500, ...detail });
}

/** 503 `temporarily_unavailable`, with `Retry-After` of one second unless the caller knows better. */
export function temporarilyUnavailable(description: string, detail?: ErrorDetail): OAuthError {
  const headers = { 'Retry-After': '1', ...detail?.headers };
  return new OAuthError('temporarily_unavailable', description, { status: 503, ...detail, headers });
}

/** The answer for an error (RFC 6749 5.2): JSON, not to be stored, a description that holds only what the RFC allows. */
export function errorResponse(
  error: OAuthError,
  extra?: Record<string, unknown>,
): { status: number; headers: Record<string, string>; body: string } {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
    ...error.headers,
  };
  const body = JSON.stringify({ ...extra, error: error.code, error_description: describable(error.description) });
  return { status: error.status, headers, body };
}

/** RFC 6749 5.2: printable ASCII without the double quote and the backslash. Others are replaced, so that the text stays readable. */
export function describable(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .replaceAll(/[^\x20-\x7e]/gu, '?');
}
