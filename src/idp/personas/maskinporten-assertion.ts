import { numberClaim, stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { Claims, UnverifiedJwt } from '../../oauth/jwt.ts';
import { isSignedBy, keysNamedBy, parseAssertion } from '../engine/assertion.ts';
import { refuseReplay } from '../engine/client-assertion.ts';
import { Refusal } from '../engine/refusal.ts';
import { required } from '../engine/token.ts';
import type { Call } from '../persona.ts';
import type { Client, MaskinportenRegistration } from '../../registry/model.ts';
import { MASKINPORTEN_AUD_ARRAY, MASKINPORTEN_RESOURCE_STRING, MASKINPORTEN_UNKNOWN_CLAIM } from '../unconfirmed.ts';

/** An assertion that passed every check about itself; scopes are judged after it. */
export interface CheckedAssertion {
  readonly client: Client;
  readonly registration: MaskinportenRegistration;
  readonly scopes: readonly string[];
  readonly resource: readonly string[];
}

interface Subject {
  readonly call: Call;
  readonly jwt: UnverifiedJwt;
  readonly client: Client;
  readonly now: number;
}

type Check = (subject: Subject) => void | Promise<void>;

const SKEW_SECONDS = 10;
const MAX_LIFE_SECONDS = 120;
const CLAIMS = new Set([
  'iss',
  'aud',
  'iat',
  'exp',
  'nbf',
  'jti',
  'scope',
  'resource',
  'pid',
  'consumer_org',
  'authorization_details',
  'iss_onbehalfof',
]);

/** The order in which an assertion is judged, after form and client: the first failing check answers. */
const MASKINPORTEN_CHECK_ORDER: readonly Check[] = [
  checkKey,
  checkSignature,
  checkAudience,
  checkExpiry,
  checkIssuedAt,
  checkClaimNames,
  checkReplay,
];

/** Judges the `assertion` of a JWT grant (RFC 7523 2.1, 3). Throws a Refusal. */
export async function checkAssertion(call: Call): Promise<CheckedAssertion> {
  const jwt = parseAssertion(required(call, 'assertion'), { algorithms: ['RS256', 'RS384', 'RS512'], types: 'any' });
  checkForm(jwt.claims);
  const clientId = stringClaim(jwt.claims, 'iss') ?? '';
  const client = call.realm.snapshot().client('maskinporten', clientId);
  const active = client?.state === 'ready' && call.realm.snapshot().app(client.app)?.state === 'active';
  if (client?.registration.provider !== 'maskinporten' || !active)
    throw new Refusal('client-unknown', { client: clientId });
  for (const check of MASKINPORTEN_CHECK_ORDER) await check({ call, jwt, client, now: call.realm.now() });
  const scopes = (stringClaim(jwt.claims, 'scope') ?? '').split(' ').filter((scope) => scope !== '');
  return {
    client,
    registration: client.registration,
    scopes: [...new Set(scopes)],
    resource: stringListClaim(jwt.claims, 'resource') ?? [],
  };
}

function checkForm(claims: Claims): void {
  const wrong =
    ['iss'].find((name) => stringClaim(claims, name) === undefined) ??
    ['exp', 'iat'].find((name) => numberClaim(claims, name) === undefined) ??
    ['scope', 'jti'].find((name) => claims[name] !== undefined && stringClaim(claims, name) === undefined) ??
    (claims['nbf'] !== undefined && numberClaim(claims, 'nbf') === undefined ? 'nbf' : undefined) ??
    (stringListClaim(claims, 'aud') === undefined ? 'aud' : undefined) ??
    (isResource(claims['resource']) ? undefined : 'resource');
  if (wrong !== undefined) throw new Refusal('assertion-malformed', { why: `claim ${wrong} is missing or malformed` });
}

function isResource(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value === 'string') return MASKINPORTEN_RESOURCE_STRING === 'accept';
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function checkKey({ jwt, client, now }: Subject): void {
  const named = keysNamedBy(jwt.header, client.keys, 'kid');
  if (named === undefined) throw new Refusal('assertion-key-unnamed', { client: client.clientId });
  if (named.length === 0) throw new Refusal('assertion-key-unknown', { client: client.clientId });
  const ends = named[0]?.['exp'];
  if (typeof ends === 'number' && ends <= now) throw new Refusal('assertion-key-old', { client: client.clientId });
}

function checkSignature({ call, jwt, client }: Subject): void {
  const named = keysNamedBy(jwt.header, client.keys, 'kid') ?? [];
  if (!isSignedBy(jwt, named, call.realm.clientKeys))
    throw new Refusal('assertion-signature', { client: client.clientId });
}

function checkAudience({ call, jwt, client }: Subject): void {
  const audience = jwt.claims['aud'];
  const single = Array.isArray(audience) && audience.length === 1 && MASKINPORTEN_AUD_ARRAY === 'accept';
  // The slash belongs to the issuer; nothing is normalised.
  if ((single ? audience[0] : audience) !== call.place.issuer) {
    throw new Refusal('assertion-audience', { client: client.clientId });
  }
}

function checkExpiry({ jwt, client, now }: Subject): void {
  if ((numberClaim(jwt.claims, 'exp') ?? 0) <= now) throw new Refusal('assertion-expired', { client: client.clientId });
}

function checkIssuedAt({ jwt, client, now }: Subject): void {
  const iat = numberClaim(jwt.claims, 'iat') ?? 0;
  if (iat > now + SKEW_SECONDS) throw new Refusal('assertion-future', { client: client.clientId });
  const life = (numberClaim(jwt.claims, 'exp') ?? 0) - iat;
  if (life > MAX_LIFE_SECONDS) throw new Refusal('assertion-life', { client: client.clientId });
}

function checkClaimNames({ jwt, client }: Subject): void {
  const unknown = Object.keys(jwt.claims).find((name) => !CLAIMS.has(name));
  if (unknown !== undefined && MASKINPORTEN_UNKNOWN_CLAIM === 'refuse') {
    throw new Refusal('assertion-claim', { claim: unknown, client: client.clientId });
  }
}

/** `jti` is recommended only; without one there is nothing to remember. */
async function checkReplay({ call, jwt, client }: Subject): Promise<void> {
  if (jwt.claims['jti'] === undefined) return;
  await refuseReplay(call.realm, client.clientId, jwt.claims, numberClaim(jwt.claims, 'exp') ?? 0);
}
