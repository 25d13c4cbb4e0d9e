import type { FaultTable } from '../engine/refusal.ts';
import { ENTRA_CLIENT_FAULTS } from './entra-client-faults.ts';
import { missing, row } from './entra-fault-row.ts';
import { ENTRA_GRANT_FAULTS } from './entra-grant-faults.ts';
import { ENTRA_PAGE_FAULTS } from './entra-page-faults.ts';
import { httpFault } from './http-faults.ts';

const notOffered = row('70003', 'unsupported_grant_type', ({ grant }) => `Grant type '${grant}' is not offered.`);
const unreadable = (): string => 'The request is malformed.';

/** What Entra ID answers to each problem: OAuth error, status and AADSTS number. */
export const ENTRA_FAULTS: FaultTable = {
  ...ENTRA_CLIENT_FAULTS,
  ...ENTRA_GRANT_FAULTS,
  ...ENTRA_PAGE_FAULTS,
  verb: row('900561', 'invalid_request', ({ verb }) => `This endpoint serves POST and OPTIONS requests, not ${verb}.`),
  'tenant-unknown': row(
    '90002',
    'invalid_request',
    ({ tenant }) => `No tenant '${tenant}' exists here. Check the tenant id, the cloud and the subscription.`,
  ),
  'form-content-type': httpFault('entra', 'form-content-type', () => "The body has no parameter 'grant_type'."),
  'form-malformed': httpFault('entra', 'form-malformed', unreadable),
  'parameter-repeated': httpFault('entra', 'parameter-repeated', unreadable),
  'parameter-missing': missing,
  'grant-missing': httpFault('entra', 'grant-missing', missing.says),
  'grant-unsupported': notOffered,
  'grant-not-registered': notOffered,
};
