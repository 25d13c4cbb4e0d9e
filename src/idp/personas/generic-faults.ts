import type { Fault, FaultRow, FaultTable } from '../engine/refusal.ts';
import { credentialFaults, invalidClient, OAUTH_FAULTS, row } from './oauth-faults.ts';
import type { Says } from './oauth-faults.ts';

const client = (says: Says): FaultRow => invalidClient(401, says);

/** An error as parameters. What a client sent may be part of the text, which has no quotes, backslashes or anything beyond ASCII (RFC 6749 5.2). */
export function errorParameters({ error, text }: Fault): {
  readonly error: string;
  readonly error_description: string;
} {
  return { error, error_description: text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?') };
}

/** What the generic personas answer to each problem: the errors of the specifications and nothing more (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, RFC 8707 2). */
export const GENERIC_FAULTS: FaultTable = {
  ...OAUTH_FAULTS,
  ...credentialFaults(client),
  'form-content-type': row('invalid_request', () => 'the body is not a form'),
  'form-malformed': row('invalid_request', () => 'the form cannot be read'),
  'parameter-repeated': row('invalid_request', ({ parameter }) => `${parameter} is there more than once`),
  'grant-missing': row('invalid_request', () => 'grant_type is missing'),
  'assertion-audience': client(() => 'aud is not this server'),
  'assertion-life': client(() => 'assertion lives too long'),
  'request-object': row('request_not_supported', () => 'request objects are not accepted'),
  'request-uri-foreign': row('request_uri_not_supported', () => 'request_uri has to come from a pushed request'),
  'pushed-required': row('invalid_request', () => 'the request has to be pushed first'),
  'request-uri-unknown': row('invalid_request_uri', () => 'request_uri is unknown, used, expired or of another client'),
  'prompt-unknown': row('invalid_request', ({ prompt }) => `prompt ${prompt} is not offered`),
  'resource-refused': row('invalid_target', () => 'resource was not part of the grant'),
  'claims-malformed': row('invalid_request', () => 'claims is not a claims request'),
  'acr-unknown': row('unmet_authentication_requirements', () => 'an essential acr cannot be reached'),
  'other-person': row('login_required', () => 'somebody else is signed in'),
  'scope-missing': row('invalid_scope', () => 'scope is missing'),
};
