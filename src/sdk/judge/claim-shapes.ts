import type { Claims as RawClaims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { AuthError } from '../auth-error.ts';

type ClaimType = 'string' | 'number' | 'strings' | 'object' | 'objects' | 'organisation';

/** The claims of one kind of token and the types they have to have (sidecar-sdk.md 5.1). */
interface ClaimShape {
  readonly required: Readonly<Record<string, ClaimType>>;
  readonly optional: Readonly<Record<string, ClaimType>>;
}

/** Kinds of token that are known claim by claim. */
export type ShapeName =
  | 'entra-user'
  | 'entra-machine'
  | 'tokenx-user'
  | 'tokenx-machine'
  | 'idporten'
  | 'maskinporten'
  | 'oidc';

const ENTRA = { nbf: 'number', oid: 'string', tid: 'string', azp: 'string', sub: 'string', ver: 'string' } as const;
const ENTRA_OPTIONAL = { roles: 'strings', azp_name: 'string', azpacr: 'string', uti: 'string' } as const;
const TOKENX = { nbf: 'number', jti: 'string', sub: 'string', client_id: 'string' } as const;
const TOKENX_OPTIONAL = { azp: 'string', act: 'object', scope: 'string', roles: 'strings' } as const;

/** `iss`, `aud`, `exp` and `iat` are judged for every token alike and not repeated here. */
const CLAIM_SHAPES: Readonly<Record<ShapeName, ClaimShape>> = {
  'entra-user': {
    required: { ...ENTRA, scp: 'string' },
    optional: {
      ...ENTRA_OPTIONAL,
      groups: 'strings',
      _claim_names: 'object',
      NAVident: 'string',
      name: 'string',
      preferred_username: 'string',
      sid: 'string',
    },
  },
  'entra-machine': { required: ENTRA, optional: ENTRA_OPTIONAL },
  'tokenx-user': {
    required: { ...TOKENX, idp: 'string' },
    optional: { ...TOKENX_OPTIONAL, pid: 'string', acr: 'string', auth_time: 'number' },
  },
  'tokenx-machine': { required: TOKENX, optional: TOKENX_OPTIONAL },
  idporten: {
    required: { jti: 'string', sub: 'string', client_id: 'string', scope: 'string', acr: 'string' },
    optional: { pid: 'string', amr: 'strings', client_amr: 'string', consumer: 'object', token_type: 'string' },
  },
  maskinporten: {
    required: { jti: 'string', client_id: 'string', scope: 'string', consumer: 'organisation' },
    optional: {
      supplier: 'organisation',
      delegation_source: 'string',
      authorization_details: 'objects',
      pid: 'string',
      client_amr: 'string',
      token_type: 'string',
    },
  },
  oidc: { required: { sub: 'string' }, optional: { jti: 'string', scope: 'string' } },
};

const CHECKS: Readonly<Record<ClaimType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  object: isJsonObject,
  objects: (value) => Array.isArray(value) && value.every(isJsonObject),
  organisation: (value) => isJsonObject(value) && typeof value['ID'] === 'string' && value['ID'].startsWith('0192:'),
};

interface Row {
  readonly claim: string;
  readonly required: boolean;
  readonly fits: (value: unknown) => boolean;
}

function rowsOf(shape: Readonly<Record<string, ClaimType>>, required: boolean): readonly Row[] {
  return Object.entries(shape).map(([claim, type]) => ({ claim, required, fits: CHECKS[type] }));
}

// Laid out once: this runs for every token.
const ROWS: ReadonlyMap<string, readonly Row[]> = new Map(
  Object.entries(CLAIM_SHAPES).map(([name, shape]) => [
    name,
    [...rowsOf(shape.required, true), ...rowsOf(shape.optional, false)],
  ]),
);

/** Throws AuthError `claim_missing` or `claim_invalid` for the first claim that is not as the shape says. */
export function checkShape(claims: RawClaims, name: ShapeName): void {
  const rows = ROWS.get(name) ?? [];
  for (const { claim, required, fits } of rows) {
    if (Object.hasOwn(claims, claim) ? !fits(claims[claim]) : required) throw faultOf(claims, rows);
  }
}

/** What is wrong with claims of which one does not fit: one that is missing, wherever it stands in the list, before one of a wrong type. */
function faultOf(claims: RawClaims, rows: readonly Row[]): AuthError {
  const missing = rows.find(({ claim, required }) => required && !Object.hasOwn(claims, claim));
  if (missing !== undefined) {
    return new AuthError('claim_missing', { explanation: `a token of this kind has the claim ${missing.claim}` });
  }
  const wrong = rows.find(({ claim, fits }) => Object.hasOwn(claims, claim) && !fits(claims[claim]));
  return new AuthError('claim_invalid', { explanation: `the claim ${wrong?.claim} has the wrong type` });
}
