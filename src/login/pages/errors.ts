/** What programs get where people get a page: an error code, and what to do about it in English. */
import type { PageName } from './page-texts.ts';

/** One error as programs see it. */
interface ErrorWords {
  readonly error: string;
  readonly description: string;
}

/** The error behind each page. */
export const ERRORS: Readonly<Record<PageName, ErrorWords>> = {
  cancelled: {
    error: 'access_denied',
    description: 'the login was cancelled at the provider; begin a new one when the user asks for it',
  },
  'login-failed': {
    error: 'login_failed',
    description: 'the login could not be completed; the log says why under this correlation_id',
  },
  'link-too-old': {
    error: 'invalid_request',
    description: 'this answer belongs to no login of this browser, or to one that is too old; begin a new login',
  },
  'too-many-logins': {
    error: 'too_many_logins',
    description:
      'logins follow each other too fast although there is a session; wait, and find what redirects in a loop',
  },
  'stronger-login': {
    error: 'insufficient_user_authentication',
    description: 'the login is too weak or too old; log in again at the level the path demands',
  },
  'provider-down': {
    error: 'provider_unavailable',
    description: 'the provider does not answer; try again after Retry-After, the log says what is wrong with it',
  },
  'store-down': {
    error: 'store_unavailable',
    description: 'sessions cannot be read now and nobody is logged out; try again after Retry-After',
  },
  'confirm-logout': {
    error: 'cross_site_request',
    description: 'another site asked for the logout; the user has to confirm it',
  },
  'logging-out': { error: 'logging_out', description: 'the logout goes on at the provider' },
  'signed-out': { error: 'signed_out', description: 'there is no session any more' },
  'sign-in-again': {
    error: 'unauthenticated',
    description: 'there is no session; log in at Location and send this again',
  },
  'exchange-refused': {
    error: 'exchange_refused',
    description: 'no token for this path was given out; the log names the refusal under this correlation_id',
  },
  'cross-site': {
    error: 'cross_site_request',
    description: 'another site asked for this; send it from a page of the application or of an allowed origin',
  },
  'signed-in': { error: 'signed_in', description: 'the login is complete' },
};
