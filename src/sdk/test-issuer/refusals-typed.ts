import type { AuthErrorCode } from '../auth-error.ts';
import type { TokenKind } from './claims.ts';
import { mintToken } from './mint.ts';
import type { Refused, Specimen } from './specimen.ts';

/** Claims that every token of a kind has, and what becomes of it without one of them: another kind of token, or a broken one. */
const PROMISED: Readonly<Record<TokenKind, Readonly<Record<string, AuthErrorCode>>>> = {
  'entra-user': { ...missing('nbf', 'oid', 'tid', 'azp', 'sub', 'ver'), scp: 'type_refused' },
  'entra-machine': { ...missing('nbf', 'oid', 'tid', 'azp', 'sub', 'ver'), idtyp: 'type_refused' },
  'entra-id-token': {},
  tokenx: { ...missing('nbf', 'jti', 'sub', 'idp'), client_id: 'type_refused' },
  'tokenx-machine': { ...missing('nbf', 'jti', 'sub'), client_id: 'type_refused' },
  idporten: { ...missing('jti', 'sub', 'acr'), client_id: 'type_refused', scope: 'type_refused' },
  'idporten-id-token': {},
  maskinporten: {
    ...missing('jti'),
    client_id: 'type_refused',
    scope: 'type_refused',
    consumer: 'type_refused',
  },
};

/** Claims a token may have, which then have to be of their type. */
const OPTIONAL: Readonly<Record<TokenKind, readonly string[]>> = {
  'entra-user': ['groups', 'roles', 'NAVident', 'name', 'preferred_username', 'azp_name', 'azpacr', 'sid', 'uti'],
  'entra-machine': ['roles', 'azp_name', 'azpacr', 'uti'],
  'entra-id-token': [],
  tokenx: ['azp', 'act', 'scope', 'pid', 'acr', 'auth_time'],
  'tokenx-machine': ['azp', 'scope', 'roles'],
  idporten: ['pid', 'amr', 'client_amr', 'consumer', 'token_type'],
  'idporten-id-token': [],
  maskinporten: ['supplier', 'delegation_source', 'authorization_details', 'pid', 'client_amr', 'token_type'],
};

const MARKERS: ReadonlySet<string> = new Set(['idtyp']);
/** Of no claim the right type. */
const WRONG = [{ not: 'this' }] as const;

function missing(...names: readonly string[]): Readonly<Record<string, AuthErrorCode>> {
  return Object.fromEntries(names.map((name) => [name, 'claim_missing']));
}

/** What the kind of a token is refused for: rows 16 and 17 of sidecar-sdk.md 2.2, with 2.4 and 5.1. */
export function* typedRefusals(specimen: Specimen): Generator<Refused> {
  const { kind, changed } = specimen;
  yield* otherTokens(specimen);
  for (const [name, code] of Object.entries(PROMISED[kind])) {
    yield { name: `no ${name}`, token: changed({ [name]: undefined }), code };
  }
  for (const name of [...Object.keys(PROMISED[kind]), ...OPTIONAL[kind]].filter((each) => !MARKERS.has(each))) {
    yield { name: `${name} of another type`, token: changed({ [name]: wrongFor(name) }), code: 'claim_invalid' };
  }
  if (kind !== 'maskinporten') return;
  const nobody = { authority: 'iso6523-actorid-upis', ID: '0192:' };
  yield { name: 'a consumer without number', token: changed({ consumer: nobody }), code: 'claim_invalid' };
  yield { name: 'another scope', token: changed({ scope: 'test:other' }), code: 'scope_missing' };
}

/** Authorization details are a list of objects; everything else is none. */
function wrongFor(name: string): unknown {
  return name === 'authorization_details' ? 'text' : WRONG;
}

function* otherTokens({ kind, mint, changed }: Specimen): Generator<Refused> {
  const refused = (name: string, changes: object): Refused => ({ name, token: changed(changes), code: 'type_refused' });
  if (kind === 'entra-id-token') yield refused('an ID token', {});
  if (kind === 'entra-id-token') yield refused('an ID token without nonce', { nonce: undefined });
  if (kind === 'entra-user') yield refused('an access token that says so with an empty scp', { scp: '' });
  if (kind === 'entra-user' || kind === 'entra-machine' || kind === 'idporten') {
    yield refused('an access token with nonce', { nonce: 'n' });
  }
  if (kind !== 'idporten-id-token') return;
  yield { name: 'an ID token', token: mintToken(mint, kind), code: 'audience_mismatch' };
  yield refused('an ID token for this audience', {});
  yield refused('an ID token for this audience, without nonce', { nonce: undefined });
}
