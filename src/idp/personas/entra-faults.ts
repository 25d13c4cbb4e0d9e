import { ENTRA_ERROR_NAMES } from '../unconfirmed.ts';
import { httpFault } from './http-faults.ts';
import type { FaultRow, FaultTable, Values } from '../engine/refusal.ts';

const row = (
  code: string,
  error: string,
  says: (values: Values) => string,
  more: Partial<FaultRow> = {},
): FaultRow => ({
  code,
  error,
  says,
  ...more,
});
const UNAUTHORIZED = { status: 401 };
const missing = row('900144', 'invalid_request', ({ parameter }) => `The body has no parameter '${parameter}'.`);
const notOffered = row('70003', 'unsupported_grant_type', ({ grant }) => `Grant type '${grant}' is not offered.`);
const outsideItsLife = row(
  '700024',
  'invalid_client',
  ({ now, from, until }) =>
    `The client assertion is outside its life. Now ${now}, valid from ${from}, expires ${until}.`,
  UNAUTHORIZED,
);
const malformed = row('9002313', 'invalid_request', () => 'The request is malformed.');

const incomplete = (field = ''): string => `The credential is incomplete: it has no '${field}'.`;

const severalApis = ({ scope }: Values): string => `Scope '${scope}' names more than one API.`;
const CHALLENGED = { claims: 'challenge' };

/** What Entra ID answers to each problem: OAuth error, status and AADSTS number. */
export const ENTRA_FAULTS: FaultTable = {
  verb: row('900561', 'invalid_request', ({ verb }) => `This endpoint serves POST and OPTIONS requests, not ${verb}.`),
  'tenant-unknown': row(
    '90002',
    'invalid_request',
    ({ tenant }) => `No tenant '${tenant}' exists here. Check the tenant id, the cloud and the subscription.`,
  ),
  'form-content-type': httpFault('entra', 'form-content-type', () => "The body has no parameter 'grant_type'."),
  'form-malformed': httpFault('entra', 'form-malformed', malformed.says),
  'parameter-repeated': httpFault('entra', 'parameter-repeated', malformed.says),
  'parameter-missing': missing,
  'client-missing': missing,
  'grant-missing': httpFault('entra', 'grant-missing', missing.says),
  'grant-unsupported': notOffered,
  'grant-not-registered': notOffered,
  'client-unknown': row(
    '700016',
    'unauthorized_client',
    ({ client, tenant }) =>
      `Application '${client}' is not in tenant '${tenant}': not installed or consented to there, or the wrong tenant was asked.`,
  ),
  'redirect-unknown': row(
    '50011',
    'invalid_request',
    ({ redirect, client }) =>
      `Redirect URI '${redirect}' is not registered for application '${client}'; it must equal a registered one. See https://aka.ms/redirectUriMismatchError`,
  ),
  'code-redirect': row(
    '50011',
    'invalid_request',
    ({ redirect, client }) =>
      `Redirect URI '${redirect}' is not the one the code was asked with by application '${client}'. See https://aka.ms/redirectUriMismatchError`,
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
  'federated-unmatched': row(
    '700213',
    ENTRA_ERROR_NAMES['700213'],
    ({ subject }) => `No federated credential fits the subject '${subject}' with its issuer and audience.`,
    UNAUTHORIZED,
  ),
  'credential-missing': row(
    '7000218',
    'invalid_client',
    () => "One of 'client_assertion' and 'client_secret' is needed in the body.",
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
  'assertion-malformed': row(
    '50027',
    ENTRA_ERROR_NAMES['50027'],
    ({ why }) => `The client assertion cannot be read as a JWT: ${why}.`,
  ),
  'assertion-key-unnamed': row(
    '50027',
    ENTRA_ERROR_NAMES['50027'],
    () => 'The client assertion names no key by x5t, x5t#S256 or kid.',
  ),
  'assertion-claim': row('90014', 'invalid_request', ({ claim }) => incomplete(claim)),
  'credential-field-missing': row('90014', 'invalid_request', ({ parameter }) => incomplete(parameter)),
  'assertion-subject': row(
    '50048',
    ENTRA_ERROR_NAMES['50048'],
    () => "The claims 'sub' and 'iss' of the client assertion differ.",
  ),
  'assertion-type-missing': missing,
  'client-differs': row(
    '700021',
    'invalid_client',
    () => "'client_id' names another application than the credential.",
    UNAUTHORIZED,
  ),
  'assertion-audience': row(
    '700023',
    'invalid_client',
    () => "The claim 'aud' of the client assertion has the wrong value.",
    UNAUTHORIZED,
  ),
  'assertion-expired': outsideItsLife,
  'assertion-future': outsideItsLife,
  'code-unknown': row('9002313', 'invalid_grant', () => 'The code is malformed.'),
  'code-used': row('54005', 'invalid_grant', () => 'The code is spent; get another or use the refresh token.'),
  'code-expired': row('70008', 'invalid_grant', () => 'The code was unused for too long; the user must sign in again.'),
  'code-other-client': row(
    '70008',
    'invalid_grant',
    () => 'The code is not for this application; the user must sign in again.',
  ),
  'refresh-unknown': row('9002313', 'invalid_grant', () => 'The refresh token is malformed.'),
  'refresh-other-client': row(
    '70008',
    'invalid_grant',
    () => 'The refresh token is not for this application; the user must sign in again.',
  ),
  'refresh-expired': row('700082', 'invalid_grant', () => 'The refresh token was unused for too long.'),
  'refresh-ended': row(
    '70008',
    'invalid_grant',
    () => 'The refresh token is no longer good; the user must sign in again.',
  ),
  'verifier-wrong': row('501481', 'invalid_grant', () => "'code_verifier' does not fit 'code_challenge'."),
  'challenge-cross-origin': row(
    '9002325',
    'invalid_request',
    () => 'A code that is redeemed from another origin needs PKCE.',
  ),
  'scope-missing': row('900144', 'invalid_request', () => "The body has no parameter 'scope'."),
  'scope-not-default': row(
    '1002012',
    'invalid_scope',
    ({ scope }) =>
      `Scope '${scope}' does not fit client credentials: one API identifier ending in '/.default' is wanted.`,
  ),
  'scope-unknown': row('70011', 'invalid_scope', ({ scope }) => `Scope '${scope}' is not usable.`),
  'scope-empty': row('28003', 'invalid_request', () => "'scope' is empty in the request that redeems a code."),
  'scope-no-token': row(
    '28002',
    ENTRA_ERROR_NAMES['28002'],
    ({ scope }) => `No access token exists for scope '${scope}'.`,
  ),
  'scope-several-apis': row('28000', 'invalid_request', severalApis),
  'scope-several-apis-asked': row('700022', 'invalid_scope', severalApis),
  'api-unknown': row(
    '500011',
    'invalid_resource',
    ({ resource, tenant }) =>
      `API '${resource}' is not in tenant '${tenant}': not installed or consented to there, or the wrong tenant was asked.`,
  ),
  'no-role': row(
    '501051',
    'invalid_grant',
    ({ client, name, api, apiName }) => `Application '${client}' (${name}) holds no role at API '${api}' (${apiName}).`,
  ),
  'no-consent': row(
    '65001',
    'invalid_grant',
    ({ client, name }) =>
      `Neither the user nor an administrator has consented to application '${client}' (${name}); the user must be asked interactively.`,
    { suberror: 'consent_required' },
  ),
  'not-assigned': row(
    '50105',
    'invalid_grant',
    ({ client, name }) =>
      `Application '${name}' (${client}) demands an assignment, and {EmailHidden} is not assigned to it, neither directly nor as a direct member of a group. An administrator can grant it.`,
  ),
  'obo-assertion-invalid': row(
    '50013',
    'invalid_grant',
    () => 'The assertion could not be verified for this application.',
  ),
  'obo-assertion-expired': row('500133', 'invalid_grant', () => 'The assertion is outside its life.'),
  'obo-app-token': row(
    '7000114',
    ENTRA_ERROR_NAMES['7000114'],
    ({ client }) => `Application '${client}' may not call on behalf of a user with the token of an application.`,
  ),
  'obo-id-token': row(
    '240002',
    ENTRA_ERROR_NAMES['240002'],
    () => "An ID token is not usable with 'urn:ietf:params:oauth:grant-type:jwt-bearer'.",
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
  'step-mfa': row(
    '50076',
    'interaction_required',
    () => 'The user must prove who they are in one more way.',
    CHALLENGED,
  ),
  'step-enrol': row(
    '50079',
    'interaction_required',
    () => 'The user must first enrol in multi-factor sign-in.',
    CHALLENGED,
  ),
  'step-conditional-access': row(
    '53003',
    'interaction_required',
    () => 'A conditional access policy blocks the token until the user has met its conditions.',
    CHALLENGED,
  ),
  cancelled: row('65004', 'access_denied', () => 'The user declined.'),
  'resource-refused': row('901002', 'invalid_request', () => "The parameter 'resource' is not supported."),
  'response-type': row('9002313', 'unsupported_response_type', ({ type }) => `Response type '${type}' is not served.`),
};
