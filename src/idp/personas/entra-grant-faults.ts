import type { FaultTable, Values } from '../engine/refusal.ts';
import { notInTenant, row, undocumented } from './entra-fault-row.ts';

const severalApis = ({ scope }: Values): string => `Scope '${scope}' names more than one API.`;
const CHALLENGED = { claims: 'challenge' };

/** Answers to codes, tokens and scopes that give nothing, and to what policy does not allow. */
export const ENTRA_GRANT_FAULTS: FaultTable = {
  'code-unknown': row('9002313', 'invalid_grant', () => 'The code is malformed.'),
  'code-used': row('54005', 'invalid_grant', () => 'The code is spent; get another or use the refresh token.'),
  'code-expired': row('70008', 'invalid_grant', () => 'The code was unused for too long; the user must sign in again.'),
  'code-other-client': row(
    '70008',
    'invalid_grant',
    () => 'The code is not for this application; the user must sign in again.',
  ),
  'code-redirect': row(
    '50011',
    'invalid_request',
    ({ redirect, client }) =>
      `Redirect URI '${redirect}' is not the one the code was asked with by application '${client}'. See https://aka.ms/redirectUriMismatchError`,
  ),
  'verifier-wrong': row('501481', 'invalid_grant', () => "'code_verifier' does not fit 'code_challenge'."),
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
  'scope-missing': row('900144', 'invalid_request', () => "The body has no parameter 'scope'."),
  'scope-not-default': row(
    '1002012',
    'invalid_scope',
    ({ scope }) =>
      `Scope '${scope}' does not fit client credentials: one API identifier ending in '/.default' is wanted.`,
  ),
  'scope-unknown': row('70011', 'invalid_scope', ({ scope }) => `Scope '${scope}' is not usable.`),
  'scope-empty': row('28003', 'invalid_request', () => "'scope' is empty in the request that redeems a code."),
  'scope-no-token': undocumented('28002', ({ scope }) => `No access token exists for scope '${scope}'.`),
  'scope-several-apis': row('28000', 'invalid_request', severalApis),
  'scope-several-apis-asked': row('700022', 'invalid_scope', severalApis),
  'api-unknown': row('500011', 'invalid_resource', (values) => notInTenant(`API '${values['resource']}'`, values)),
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
  'obo-app-token': undocumented(
    '7000114',
    ({ client }) => `Application '${client}' may not call on behalf of a user with the token of an application.`,
  ),
  'obo-id-token': undocumented(
    '240002',
    () => "An ID token is not usable with 'urn:ietf:params:oauth:grant-type:jwt-bearer'.",
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
};
