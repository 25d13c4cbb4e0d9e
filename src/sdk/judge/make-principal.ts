import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims as RawClaims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { AuthError } from '../auth-error.ts';
import { matchesApp } from '../guards/callers.ts';
import type { CallerList } from '../guards/callers.ts';
import { checkShape } from './claim-shapes.ts';
import type { ShapeName } from './claim-shapes.ts';
import { classify } from './classify.ts';
import type { IssuerConfig } from '../settings/options.ts';
import type { Principal, Provider } from '../principal.ts';
import { createTokenHandle } from '../token-handle.ts';

/** A token that passed every check of its signature and registered claims. */
export interface VerifiedToken {
  readonly config: IssuerConfig;
  readonly claims: RawClaims;
  /** `typ` of its header. */
  readonly typ: string | undefined;
  readonly token: string;
}

const NO_SCOPES: readonly string[] = Object.freeze([]);

type Kind = 'user' | 'machine' | 'unknown';

const KINDS: Readonly<Record<Exclude<ShapeName, 'oidc'>, Kind>> = {
  'entra-user': 'user',
  'tokenx-user': 'user',
  idporten: 'user',
  'entra-machine': 'machine',
  'tokenx-machine': 'machine',
  maskinporten: 'machine',
};

function kindOf(shape: ShapeName, config: IssuerConfig): Kind {
  return shape === 'oidc' ? (config.kind ?? 'unknown') : KINDS[shape];
}

function idOf(config: IssuerConfig, claims: RawClaims): string {
  if (config.provider === 'entra_id') return stringClaim(claims, 'oid') ?? '';
  if (config.provider !== 'maskinporten') return stringClaim(claims, 'sub') ?? '';
  const consumer = claims['consumer'];
  const id = isJsonObject(consumer) ? (stringClaim(consumer, 'ID') ?? '') : '';
  return id.slice(id.indexOf(':') + 1);
}

interface Caller {
  readonly caller: string | undefined;
  readonly callerInPolicy: boolean | undefined;
}

function callerOf(config: IssuerConfig, claims: RawClaims, callers: CallerList): Caller {
  const clientId =
    stringClaim(claims, config.provider === 'entra_id' ? 'azp' : 'client_id') ?? stringClaim(claims, 'azp');
  if (config.provider === 'entra_id') {
    const name = clientId === undefined ? undefined : callers.entra?.get(clientId);
    return { caller: name ?? clientId, callerInPolicy: callers.entra === undefined ? undefined : name !== undefined };
  }
  if (config.provider !== 'tokenx' || callers.tokenx === undefined) {
    return { caller: clientId, callerInPolicy: undefined };
  }
  return { caller: clientId, callerInPolicy: clientId !== undefined && matchesApp(callers.tokenx, clientId) };
}

function deepFreeze(value: object): void {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  Object.freeze(value);
}

/** Only Entra ID grants in `scp`; at TokenX that may be a claim of the subject token, copied with the rest. */
function scopeOf(provider: Provider, claims: RawClaims): string {
  if (provider === 'entra_id') return stringClaim(claims, 'scp') ?? '';
  const scope = stringClaim(claims, 'scope');
  return scope ?? (provider.startsWith('oidc:') ? stringClaim(claims, 'scp') : undefined) ?? '';
}

/** Who the token speaks for, deeply frozen. Throws AuthError `type_refused`, `claim_missing` or `claim_invalid`. */
export function makePrincipal({ config, claims, typ, token }: VerifiedToken, callers: CallerList): Principal {
  const shape = classify(config.provider, claims, typ);
  checkShape(claims, shape);
  const id = idOf(config, claims);
  if (id === '') throw new AuthError('claim_invalid', { explanation: 'the claim that says who this is is empty' });
  const scope = scopeOf(config.provider, claims);
  const { caller, callerInPolicy } = callerOf(config, claims, callers);
  deepFreeze(claims);
  // One literal, nothing spread into it: this is made for every token.
  const principal = {
    provider: config.provider,
    kind: kindOf(shape, config),
    id,
    issuer: config.issuer,
    expiresAt: claims['exp'],
    claims,
    token: createTokenHandle(token),
    caller,
    callerInPolicy,
    scopes: scope === '' ? NO_SCOPES : Object.freeze(scope.split(' ').filter((name) => name !== '')),
    acr: stringClaim(claims, 'acr'),
  };
  const frozen: unknown = Object.freeze(principal);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- checkShape has compared the claims with this very type
  return frozen as Principal;
}
