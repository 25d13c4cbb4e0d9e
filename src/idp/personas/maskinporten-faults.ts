import { MASKINPORTEN_KID_FAULT, MASKINPORTEN_TIME_FAULT } from '../unconfirmed.ts';
import { httpFault } from './http-faults.ts';
import type { FaultRow, FaultTable, Values } from '../engine/refusal.ts';

type Says = (values: Values) => string;

const row = (code: string | undefined, error: string, says: Says, status = 400): FaultRow => ({
  code,
  error,
  says,
  status,
});
/** The assertion did not authenticate the client. */
const unproven = (code: string | undefined, says: Says): FaultRow =>
  row(code, 'invalid_grant', (values) => `the assertion does not authenticate the client: ${says(values)}`);

/** What Maskinporten answers to each problem. Numbered ones have an `error_uri`. */
export const MASKINPORTEN_FAULTS: FaultTable = {
  'grant-missing': httpFault(
    'maskinporten',
    'grant-missing',
    () => 'grant_type is missing; jwt-bearer is the one offered',
  ),
  'grant-unsupported': row(undefined, 'unsupported_grant_type', ({ grant }) => `grant type ${grant} is not offered`),
  'form-content-type': httpFault('maskinporten', 'form-content-type', () => 'the body is not a form'),
  'form-malformed': httpFault('maskinporten', 'form-malformed', () => 'the form cannot be read'),
  'parameter-repeated': httpFault(
    'maskinporten',
    'parameter-repeated',
    ({ parameter }) => `${parameter} is there more than once`,
  ),
  'parameter-missing': row(
    'MP-011',
    'invalid_request',
    ({ parameter }) => `assertion unusable: ${parameter} is missing`,
  ),
  'assertion-malformed': row('MP-011', 'invalid_request', ({ why }) => `assertion unusable: ${why}`),
  'client-unknown': unproven('MP-100', () => 'there is no such client'),
  'assertion-key-unnamed': unproven(
    MASKINPORTEN_KID_FAULT,
    () => 'kid is absent though the client has registered keys',
  ),
  'assertion-key-unknown': unproven(MASKINPORTEN_KID_FAULT, () => 'kid is not among the keys of the client'),
  'assertion-key-old': unproven('MP-121', () => 'the key is too old'),
  'certificate-refused': unproven('MP-120', ({ why }) => `its certificate is not accepted: ${why}`),
  'certificate-of-other': unproven(
    'MP-122',
    () => 'the organisation number of the certificate is not that of the client',
  ),
  'certificate-malformed': unproven('MP-123', () => 'x5c cannot be read'),
  'assertion-signature': unproven('MP-124', () => 'bad signature'),
  'assertion-audience': unproven('MP-110', () => 'aud has the wrong value'),
  'assertion-expired': unproven('MP-130', () => 'the assertion has expired'),
  'assertion-future': row(MASKINPORTEN_TIME_FAULT, 'invalid_grant', () => 'the assertion was issued in the future'),
  'assertion-life': row(MASKINPORTEN_TIME_FAULT, 'invalid_grant', () => 'the assertion lives longer than 120 seconds'),
  'assertion-claim': row(
    undefined,
    'invalid_grant',
    ({ claim }) => `the assertion holds a claim outside the list: ${claim}`,
  ),
  'assertion-used': row('MP-012', 'invalid_grant', () => 'the assertion is spent already'),
  'scope-missing': row('MP-200', 'invalid_scope', () => 'the assertion asks for no scope'),
  'scope-unknown': row('MP-200', 'invalid_scope', ({ scope }) => `the client lacks scope ${scope}`),
  'scope-other-service': row('MP-201', 'invalid_scope', ({ scope }) => `scope ${scope} belongs to another service`),
  'scope-no-access': row('MP-250', 'forbidden', ({ scope }) => `the consumer has no access to scope ${scope}`, 403),
  'consumer-refused': row(
    undefined,
    'invalid_request',
    ({ why }) => `consumer_org does not go with the delegation of the client's scope: ${why}`,
  ),
  'not-delegated': row(
    'MP-251',
    'forbidden',
    ({ consumer, scope, supplier }) =>
      `organisation ${consumer} has not delegated scope ${scope} to supplier ${supplier}`,
    403,
  ),
  'pid-not-allowed': row(undefined, 'invalid_request', ({ scope }) => `pid is not allowed with scope ${scope}`),
  'details-type': row('MP-301', 'invalid_request', () => 'authorization_details: the type is unknown'),
  'details-member': row(
    'MP-302',
    'invalid_request',
    ({ member }) => `authorization_details: member ${member} is unknown`,
  ),
  'details-value': row('MP-303', 'invalid_request', () => 'authorization_details: the values are not accepted'),
  'details-system-user': row(
    'MP-303',
    'invalid_altinn_customer_configuration',
    () => 'authorization_details: no such system user',
  ),
};
