import { OAuthError, errorResponse } from '../../oauth/errors.ts';
import type { OAuthErrorCode } from '../../oauth/errors.ts';
import { plain } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { ErrorProfile } from '../errors.ts';

/** Every way a registration can be wrong; on the wire it is `fm_reason`. */
export type RegistrationSituation =
  | 'registration-unreadable'
  | 'client-metadata'
  | 'jwks-empty'
  | 'jwk-refused'
  | 'statement-refused'
  | 'statement-replay'
  | 'app-id-missing'
  | 'cluster-foreign';

/** What is wrong with a registration, in words for the operator. */
export class RegistrationFault extends Error {
  override readonly name = 'RegistrationFault';
  readonly situation: RegistrationSituation;

  constructor(situation: RegistrationSituation, description: string) {
    super(description);
    this.situation = situation;
  }
}

interface Row {
  readonly code: OAuthErrorCode;
  /** What a tokendings server says of it; `plain` is no JSON at all. */
  readonly legacy?: OAuthErrorCode | 'plain';
}

const ROWS: Readonly<Record<RegistrationSituation, Row>> = {
  'registration-unreadable': { code: 'invalid_client_metadata', legacy: 'plain' },
  'client-metadata': { code: 'invalid_client_metadata' },
  'jwks-empty': { code: 'invalid_client_metadata', legacy: 'invalid_request' },
  'jwk-refused': { code: 'invalid_client_metadata' },
  'statement-refused': { code: 'invalid_software_statement', legacy: 'invalid_request' },
  'statement-replay': { code: 'invalid_software_statement', legacy: 'invalid_request' },
  'app-id-missing': { code: 'invalid_software_statement', legacy: 'invalid_request' },
  // Only where `tokendings` is spoken: otherwise it is a 403 without a body, as at every other verb.
  'cluster-foreign': { code: 'invalid_client' },
};

/** The answer to a faulty registration (RFC 7591 3.2.2), as the profile tells it. */
export function registrationRefusal({ situation, message }: RegistrationFault, profile: ErrorProfile): HttpResponse {
  const { code, legacy } = ROWS[situation];
  if (profile === 'rfc') return errorResponse(failure(code, message), { fm_reason: situation });
  return legacy === 'plain' ? plain(400, message) : errorResponse(failure(legacy ?? code, message));
}

function failure(code: OAuthErrorCode, description: string): OAuthError {
  return new OAuthError(code, description, { status: code === 'invalid_client' ? 401 : 400 });
}
