import type { FaultRow, FaultTable, Values } from '../engine/refusal.ts';

/** What is said about a problem, of what the refusal names. */
export type Says = (values: Values) => string;

/** An OAuth error and its text. */
export function row(error: string, says: Says): FaultRow {
  return { error, says };
}

/** What a client gets that has not proven itself (RFC 6749 5.2). */
export function invalidClient(status: number, says: Says): FaultRow {
  return { error: 'invalid_client', status, says: (values) => `client authentication failed: ${says(values)}` };
}

/** What every persona of plain OAuth answers alike (RFC 6749 4.1.2.1 and 5.2). */
export const OAUTH_FAULTS: FaultTable = {
  'parameter-missing': row('invalid_request', ({ parameter }) => `${parameter} is missing`),
  'grant-unsupported': row('unsupported_grant_type', ({ grant }) => `grant type ${grant} is not offered`),
  'grant-not-registered': row('unauthorized_client', ({ grant }) => `the client is not registered for ${grant}`),
  'redirect-unknown': row('invalid_request', () => 'redirect_uri is not registered for this client'),
  'response-type': row('unsupported_response_type', () => 'only response_type code is offered'),
  'response-mode': row('invalid_request', () => 'response_mode is not offered'),
  'challenge-missing': row('invalid_request', () => 'code_challenge is missing'),
  'challenge-method': row('invalid_request', () => 'code_challenge_method has to be S256'),
  'request-uri-mixed': row('invalid_request', () => 'beside request_uri only client_id may be sent'),
  'request-uri-in-par': row('invalid_request', () => 'request_uri cannot be pushed'),
  'prompt-mixed': row('invalid_request', () => 'prompt none stands alone'),
  'max-age-malformed': row('invalid_request', () => 'max_age is not a number of seconds'),
  'resource-malformed': row('invalid_target', () => 'resource is not an absolute URI'),
  'hint-refused': row('invalid_request', () => 'login_hint names no synthetic person'),
  'level-too-low': row('access_denied', () => 'the level is below the one asked for'),
  'sign-in-unknown': row('invalid_request', () => 'this sign-in is over or belongs to another browser'),
  'hint-invalid': row('invalid_request', () => 'id_token_hint is not a token of ours for this client'),
  'return-unknown': row('invalid_request', () => 'post_logout_redirect_uri is not registered for this client'),
  'nothing-to-end': row('invalid_request', () => 'nobody is signed in in this browser'),
  'state-unprintable': row('invalid_request', () => 'state has to be printable ASCII'),
  cancelled: row('access_denied', () => 'the user cancelled'),
  'no-session': row('login_required', () => 'there is no session that fits'),
  'scope-unknown': row('invalid_scope', ({ scope }) => `the client lacks scope ${scope}`),
  'code-unknown': row('invalid_grant', () => 'code unknown'),
  'code-used': row('invalid_grant', () => 'code used before'),
  'code-expired': row('invalid_grant', () => 'code expired'),
  'code-other-client': row('invalid_grant', () => 'code of another client'),
  'code-redirect': row('invalid_grant', () => 'redirect_uri is not the one of the request'),
  'verifier-wrong': row('invalid_grant', () => 'code_verifier does not fit'),
  'refresh-unknown': row('invalid_grant', () => 'refresh token unknown or used'),
  'refresh-other-client': row('invalid_grant', () => 'refresh token of another client'),
  'refresh-expired': row('invalid_grant', () => 'refresh token expired or its grant ended'),
};

/** The same of client authentication; `client` makes an answer of a text. */
export function credentialFaults(client: (says: Says) => FaultRow): FaultTable {
  return {
    'client-missing': client(() => 'no client_id was sent'),
    'client-unknown': client(() => 'no such client'),
    'credential-missing': client(() => 'no credential was sent'),
    'credential-other-method': client(() => 'not the registered method'),
    'credentials-two': client(() => 'more than one method at once'),
    'secret-wrong': client(() => 'wrong secret'),
    'assertion-malformed': client(({ why }) => `assertion unusable (${why})`),
    'assertion-key-unnamed': client(() => 'the assertion names no kid'),
    'assertion-key-unknown': client(() => 'kid is not among the keys of the client'),
    'assertion-signature': client(() => 'bad signature'),
    'assertion-subject': client(() => 'sub is not the client'),
    'assertion-type-missing': client(() => 'client_assertion_type is missing'),
    'client-differs': client(() => 'client_id and the credential name different clients'),
    'assertion-expired': client(() => 'assertion expired'),
    'assertion-future': client(() => 'assertion not valid yet'),
    'assertion-claim': client(({ claim }) => `claim ${claim} is missing`),
    'assertion-used': client(() => 'jti was used before'),
  };
}
