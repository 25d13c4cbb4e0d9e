import { createHash, randomUUID } from 'node:crypto';
import { APPLICATION, CALLER, CONSUMER, PERSON, SCOPE, TENANT } from './identities.ts';
import type { Places, Played } from './places.ts';

/** The tokens there are, named after who issues them and for whom; `tokenx` and `idporten` are of a user. */
export type TokenKind =
  | 'entra-user'
  | 'entra-machine'
  | 'entra-id-token'
  | 'tokenx'
  | 'tokenx-machine'
  | 'idporten'
  | 'idporten-id-token'
  | 'maskinporten';

/** What a kind of token is made of, beside `iss` and the times. */
interface Recipe {
  readonly provider: Played;
  /** How long before it is issued a token says it was: Entra ID dates back for the sake of slow clocks. */
  readonly backdatedSeconds: number;
  readonly lifetimeSeconds: number;
  readonly hasNotBefore: boolean;
  readonly claims: (places: Places, now: number) => Readonly<Record<string, unknown>>;
}

const ENTRA = { provider: 'entra_id', backdatedSeconds: 300, lifetimeSeconds: 3600, hasNotBefore: true } as const;
const TOKENX = { provider: 'tokenx', backdatedSeconds: 0, lifetimeSeconds: 900, hasNotBefore: true } as const;
const OTHERS = { backdatedSeconds: 0, lifetimeSeconds: 120, hasNotBefore: false } as const;

/** How each kind is made (sidecar-sdk.md 5.1). */
export const RECIPES: Readonly<Record<TokenKind, Recipe>> = {
  'entra-user': { ...ENTRA, claims: () => ({ ...entraAccess(), ...employee(), scp: 'defaultaccess' }) },
  'entra-machine': { ...ENTRA, claims: entraMachine },
  'entra-id-token': { ...ENTRA, claims: () => ({ ...entraAny(), ...employee(), nonce: randomUUID() }) },
  tokenx: { ...TOKENX, claims: tokenxUser },
  'tokenx-machine': {
    ...TOKENX,
    claims: () => ({ ...tokenxAny(), sub: CALLER.name, idtyp: 'app', roles: ['access_as_application'] }),
  },
  idporten: { ...OTHERS, provider: 'idporten', lifetimeSeconds: 600, claims: idportenAccess },
  'idporten-id-token': { ...OTHERS, provider: 'idporten', claims: idportenId },
  maskinporten: { ...OTHERS, provider: 'maskinporten', claims: maskinporten },
};

/** The name of somebody at one audience: another for every audience, the same each time. */
function pairwise(audience: string): string {
  return createHash('sha256').update(`${PERSON.pid} ${audience}`).digest('base64url');
}

function entraAny(): Readonly<Record<string, unknown>> {
  return { aud: APPLICATION.entraClientId, tid: TENANT, uti: randomUUID(), ver: '2.0' };
}

function entraAccess(): Readonly<Record<string, unknown>> {
  return { ...entraAny(), azp: CALLER.entraClientId, azpacr: '2', azp_name: CALLER.name };
}

function employee(): Readonly<Record<string, unknown>> {
  return {
    oid: PERSON.objectId,
    sub: pairwise(APPLICATION.entraClientId),
    groups: [PERSON.group],
    NAVident: PERSON.navIdent,
    name: PERSON.name,
    preferred_username: PERSON.userName,
    sid: PERSON.objectId,
  };
}

function entraMachine(): Readonly<Record<string, unknown>> {
  const servicePrincipal = '00000000-0000-4000-8000-0000000000b1';
  const names = { oid: servicePrincipal, sub: servicePrincipal, idtyp: 'app' };
  return { ...entraAccess(), ...names, roles: ['access_as_application'] };
}

function tokenxAny(): Readonly<Record<string, unknown>> {
  return { aud: APPLICATION.name, jti: randomUUID(), client_id: CALLER.name, azp: CALLER.name };
}

function tokenxUser({ idporten }: Places, now: number): Readonly<Record<string, unknown>> {
  const { pid } = PERSON;
  const user = { sub: pairwise(CALLER.name), idp: idporten.issuer, acr: 'idporten-loa-high', pid };
  return { ...tokenxAny(), ...user, auth_time: Math.floor(now) - 60, act: { sub: CALLER.name } };
}

function idportenAccess(): Readonly<Record<string, unknown>> {
  return {
    aud: APPLICATION.audience,
    jti: randomUUID(),
    sub: pairwise(CALLER.name),
    client_id: CALLER.name,
    client_amr: 'private_key_jwt',
    scope: 'openid profile',
    acr: 'idporten-loa-high',
    pid: PERSON.pid,
    consumer: CONSUMER,
    token_type: 'Bearer',
  };
}

function idportenId(_: Places, now: number): Readonly<Record<string, unknown>> {
  return {
    aud: CALLER.name,
    jti: randomUUID(),
    sub: pairwise(CALLER.name),
    sid: randomUUID(),
    nonce: randomUUID(),
    acr: 'idporten-loa-high',
    amr: ['BankID'],
    auth_time: Math.floor(now) - 60,
    locale: 'nb',
    pid: PERSON.pid,
  };
}

function maskinporten(): Readonly<Record<string, unknown>> {
  return {
    jti: randomUUID(),
    client_id: '00000000-0000-4000-8000-0000000000c2',
    client_amr: 'private_key_jwt',
    scope: SCOPE,
    consumer: CONSUMER,
    token_type: 'Bearer',
  };
}
