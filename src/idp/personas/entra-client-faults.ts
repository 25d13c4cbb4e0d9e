import type { FaultTable } from '../engine/refusal.ts';
import { missing, notInTenant, row, undocumented } from './entra-fault-row.ts';

const UNAUTHORIZED = { status: 401 };
const outsideItsLife = row(
  '700024',
  'invalid_client',
  ({ now, from, until }) =>
    `The client assertion is outside its life. Now ${now}, valid from ${from}, expires ${until}.`,
  UNAUTHORIZED,
);
const incomplete = (field = ''): string => `The credential is incomplete: it has no '${field}'.`;

/** Answers to who cannot be known or has not proven themselves. */
export const ENTRA_CLIENT_FAULTS: FaultTable = {
  'client-missing': missing,
  'client-unknown': row('700016', 'unauthorized_client', (values) =>
    notInTenant(`Application '${values['client']}'`, values),
  ),
  'secret-wrong': row(
    '7000215',
    'invalid_client',
    ({ client }) => `The secret sent for application '${client}' is wrong; its value is wanted, not its id.`,
    UNAUTHORIZED,
  ),
  'secret-expired': row(
    '7000222',
    'invalid_client',
    ({ client }) => `The secrets of application '${client}' are out of date.`,
    UNAUTHORIZED,
  ),
  'federated-unmatched': undocumented(
    '700213',
    ({ subject }) => `No federated credential fits the subject '${subject}' with its issuer and audience.`,
    UNAUTHORIZED,
  ),
  'credential-missing': row(
    '7000218',
    'invalid_client',
    () => "One of 'client_assertion' and 'client_secret' is needed in the body.",
    UNAUTHORIZED,
  ),
  'credential-field-missing': row('90014', 'invalid_request', ({ parameter }) => incomplete(parameter)),
  'client-differs': row(
    '700021',
    'invalid_client',
    () => "'client_id' names another application than the credential.",
    UNAUTHORIZED,
  ),
  'assertion-key-unknown': row(
    '700027',
    'invalid_client',
    () => 'The certificate that signed the client assertion is not registered.',
    UNAUTHORIZED,
  ),
  'assertion-signature': row(
    '700027',
    'invalid_client',
    () => 'The key of the client assertion is known, its signature is bad.',
    UNAUTHORIZED,
  ),
  'assertion-malformed': undocumented('50027', ({ why }) => `The client assertion cannot be read as a JWT: ${why}.`),
  'assertion-key-unnamed': undocumented('50027', () => 'The client assertion names no key by x5t, x5t#S256 or kid.'),
  'assertion-claim': row('90014', 'invalid_request', ({ claim }) => incomplete(claim)),
  'assertion-subject': undocumented('50048', () => "The claims 'sub' and 'iss' of the client assertion differ."),
  'assertion-type-missing': missing,
  'assertion-audience': row(
    '700023',
    'invalid_client',
    () => "The claim 'aud' of the client assertion has the wrong value.",
    UNAUTHORIZED,
  ),
  'assertion-expired': outsideItsLife,
  'assertion-future': outsideItsLife,
};
