import type { FaultTable } from '../engine/refusal.ts';
import { malformed, row } from './entra-fault-row.ts';

/** Answers to what a browser brought to sign-in and sign-out. */
export const ENTRA_PAGE_FAULTS: FaultTable = {
  'redirect-unknown': row(
    '50011',
    'invalid_request',
    ({ redirect, client }) =>
      `Redirect URI '${redirect}' is not registered for application '${client}'; it must equal a registered one. See https://aka.ms/redirectUriMismatchError`,
  ),
  'response-type': row('9002313', 'unsupported_response_type', ({ type }) => `Response type '${type}' is not served.`),
  'resource-refused': row('901002', 'invalid_request', () => "The parameter 'resource' is not supported."),
  'challenge-cross-origin': row(
    '9002325',
    'invalid_request',
    () => 'A code that is redeemed from another origin needs PKCE.',
  ),
  'no-session': row('50058', 'login_required', () => 'A silent request came, and nobody is signed in.'),
  'session-elsewhere': row(
    '16000',
    'interaction_required',
    () => 'The user who is signed in belongs to another tenant.',
  ),
  'person-elsewhere': row(
    '50020',
    'interaction_required',
    ({ client, tenant }) =>
      `The user belongs to another tenant than '${tenant}' and cannot use application '${client}' there.`,
  ),
  cancelled: row('65004', 'access_denied', () => 'The user declined.'),
  'response-mode': malformed(() => "'response_mode' is not one that is served."),
  'challenge-method': malformed(() => "'code_challenge' and 'code_challenge_method' do not make a PKCE challenge."),
  'request-object': malformed(() => "The parameters 'request' and 'request_uri' are not supported."),
  'prompt-mixed': malformed(() => "The value 'none' of 'prompt' stands alone."),
  'max-age-malformed': malformed(() => "'max_age' is not a number of seconds."),
  'hint-refused': malformed(() => "'login_hint' names nobody who can sign in here."),
  'sign-in-unknown': malformed(() => 'This sign-in is over, or belongs to another browser.'),
  'hint-invalid': malformed(() => "'id_token_hint' is not an ID token of this tenant for this application."),
  'return-unknown': malformed(() => "'post_logout_redirect_uri' is not registered for the application."),
};
