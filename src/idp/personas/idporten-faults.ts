import { IDPORTEN_INVALID_CLIENT_STATUS } from '../unconfirmed.ts';
import { httpFault } from './http-faults.ts';
import type { FaultRow, FaultTable } from '../engine/refusal.ts';
import { credentialFaults, invalidClient, OAUTH_FAULTS, row } from './oauth-faults.ts';
import type { Says } from './oauth-faults.ts';

const client = (says: Says): FaultRow => invalidClient(IDPORTEN_INVALID_CLIENT_STATUS, says);

/** What ID-porten answers to each problem: plain OAuth (RFC 6749 5.2 and 4.1.2.1). */
export const IDPORTEN_FAULTS: FaultTable = {
  ...OAUTH_FAULTS,
  ...credentialFaults(client),
  'form-content-type': httpFault('idporten', 'form-content-type', () => 'the body is not a form'),
  'form-malformed': httpFault('idporten', 'form-malformed', () => 'the form cannot be read'),
  'parameter-repeated': httpFault(
    'idporten',
    'parameter-repeated',
    ({ parameter }) => `${parameter} is there more than once`,
  ),
  'grant-missing': httpFault('idporten', 'grant-missing', () => 'grant_type is missing'),
  'assertion-audience': client(() => 'aud has to be the issuer alone'),
  'assertion-life': client(() => 'assertion lives longer than 120 seconds'),
  'request-object': row('invalid_request', () => 'request objects are not accepted'),
  'request-uri-unknown': row('invalid_request', () => 'request_uri is unknown, used, expired or of another client'),
  'acr-unknown': row('invalid_request', () => 'none of acr_values is offered'),
  'on-behalf-of-unknown': row('invalid_request', () => 'onbehalfof is not among the ids of the client'),
  'details-malformed': row('invalid_request', () => 'authorization_details is not a list of typed objects'),
  'details-type': row('invalid_authorization_details', ({ type }) => `type ${type} is not offered`),
  'certificate-malformed': client(() => 'x5c cannot be read'),
  'certificate-refused': client(({ why }) => `certificate not accepted (${why})`),
  'certificate-of-other': client(() => 'the certificate names another organisation than the client'),
  'scope-missing': row('invalid_scope', () => 'scope has to hold openid'),
};
