/*
 * Facts only the real services can confirm: one constant each, used in one place.
 * Flipping one changes exactly the behaviour its comment names.
 */

/** Metadata fields of ID-porten besides the documented ones. */
export const IDPORTEN_METADATA_EXTRA: Readonly<Record<string, unknown>> = {};
/** Whether ID-porten takes its token URL as the audience of a client assertion. */
export const IDPORTEN_TOKEN_URL_AUD: 'accept' | 'refuse' = 'accept';
/** HTTP status of `invalid_client` at ID-porten. */
export const IDPORTEN_INVALID_CLIENT_STATUS: 400 | 401 = 401;
/** What a headless sign-in below the requested level answers. */
export const IDPORTEN_TESTID_LOW_ACR: 'access_denied' | 'page' = 'access_denied';
/** Whether a code that is used twice takes the tokens of its first use with it. */
export const IDPORTEN_CODE_REUSE_REVOKES: boolean = true;
/** Whether ID-porten honours `max_age`. */
export const IDPORTEN_MAX_AGE: boolean = true;
/** Whether ID-porten refuses request objects by value. */
export const IDPORTEN_REQUEST_OBJECT: 'refuse' | 'ignore' = 'refuse';
/** Claim of ID-porten's tokens that repeats `onbehalfof`. */
export const IDPORTEN_SUPPLIER_CLAIM: 'client_onbehalfof' | 'aud_onbehalfof' = 'client_onbehalfof';
/** Number of the Maskinporten refusal of a missing or unknown `kid`; undefined = none. */
export const MASKINPORTEN_KID_FAULT: string | undefined = undefined;
/** Number of the Maskinporten refusal of an assertion from the future or of too long a life; undefined = none. */
export const MASKINPORTEN_TIME_FAULT: string | undefined = undefined;
/** Whether Maskinporten refuses assertion claims outside the documented ones (`sub` too). */
export const MASKINPORTEN_UNKNOWN_CLAIM: 'refuse' | 'ignore' = 'refuse';
/** Whether Maskinporten takes `aud` as an array of one. */
export const MASKINPORTEN_AUD_ARRAY: 'accept' | 'refuse' = 'accept';
/** Whether Maskinporten takes `resource` as one string. */
export const MASKINPORTEN_RESOURCE_STRING: 'accept' | 'refuse' = 'accept';
/** What Maskinporten does with parameters beside `grant_type` and `assertion`. */
export const MASKINPORTEN_EXTRA_PARAMS: 'ignore' | 'refuse' = 'ignore';
/** Where a business certificate holds the organisation number: the first of these that has one. */
export const MASKINPORTEN_X5C_ORGNO: readonly ('serialNumber' | 'organizationIdentifier')[] = [
  'serialNumber',
  'organizationIdentifier',
];
/** `delegation_source` of delegated Maskinporten tokens. */
export const MASKINPORTEN_DELEGATION_SOURCE: string = 'https://www.altinn.no/';
/** OAuth error and number, if any, that answer a token request malformed as such; no documentation tells. */
export const HTTP_FAULT_ANSWERS: Readonly<
  Record<
    'idporten' | 'entra' | 'maskinporten',
    Readonly<
      Record<
        'form-content-type' | 'form-malformed' | 'parameter-repeated' | 'grant-missing',
        readonly [error: string, code?: string]
      >
    >
  >
> = {
  idporten: {
    'form-content-type': ['invalid_request'],
    'form-malformed': ['invalid_request'],
    'parameter-repeated': ['invalid_request'],
    'grant-missing': ['invalid_request'],
  },
  entra: {
    'form-content-type': ['invalid_request', '900144'],
    'form-malformed': ['invalid_request', '9002313'],
    'parameter-repeated': ['invalid_request', '9002313'],
    'grant-missing': ['invalid_request', '900144'],
  },
  maskinporten: {
    'form-content-type': ['invalid_request'],
    'form-malformed': ['invalid_request'],
    'parameter-repeated': ['invalid_request'],
    'grant-missing': ['unsupported_grant_type'],
  },
};
/** OAuth error names of AADSTS codes whose name is not documented. */
export const ENTRA_ERROR_NAMES: Readonly<
  Record<'50027' | '50048' | '240002' | '7000114' | '700213' | '28002', string>
> = {
  '50027': 'invalid_request',
  '50048': 'invalid_request',
  '240002': 'invalid_request',
  '7000114': 'unauthorized_client',
  '700213': 'invalid_client',
  '28002': 'invalid_scope',
};
/** How Entra tells a user outside the groups at sign-in. */
export const ENTRA_50105_AUTHORIZE: 'page' | 'redirect' = 'page';
/** Whether Entra honours `max_age`. */
export const ENTRA_MAX_AGE: boolean = true;
/** What stands between the parts of an Entra `error_description`. */
export const ENTRA_DESCRIPTION_SEPARATOR: ' ' | '\r\n' = ' ';
/** How Graph spells its error codes. */
export const GRAPH_ERROR_CODES: Readonly<Record<'invalidToken' | 'denied', string>> = {
  invalidToken: 'InvalidAuthenticationToken',
  denied: 'Authorization_RequestDenied',
};
/** Whether Entra adds `iss` to front-channel logout. */
export const ENTRA_FRONTCHANNEL_ISS: 'absent' | 'present' = 'absent';
