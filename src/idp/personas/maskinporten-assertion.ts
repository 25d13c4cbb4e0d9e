import { numberClaim, stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import type { MaskinportenScope } from '../../registry/model.ts';
import type { Authorization } from '../clients/authorizations.ts';
import { parseAssertion } from '../engine/assertion.ts';
import { refuseReplay } from '../engine/client-assertion.ts';
import { Refusal } from '../engine/refusal.ts';
import { required } from '../engine/token.ts';
import type { Call } from '../persona.ts';
import { MASKINPORTEN_AUD_ARRAY, MASKINPORTEN_UNKNOWN_CLAIM } from '../unconfirmed.ts';
import { checkDetails, detailsOf } from './maskinporten-details.ts';
import { checkForm } from './maskinporten-form.ts';
import { amrOf, checkKey, checkSignature } from './maskinporten-keys.ts';
import { checkAccess, checkConsumer, checkPid, checkScopes, grantedScopes } from './maskinporten-scopes.ts';
import { clientOf, consumerOf } from './maskinporten-subject.ts';
import type { MaskinportenClient, Subject } from './maskinporten-subject.ts';

/** An assertion that passed every check. */
export interface CheckedAssertion {
  readonly client: MaskinportenClient;
  readonly amr: 'private_key_jwt' | 'virksomhetssertifikat';
  readonly scopes: readonly MaskinportenScope[];
  readonly resource: readonly string[];
  readonly pid: string | undefined;
  /** Who the token is for; another than the client's own organisation when it acts for one that delegated to it. */
  readonly consumer: string;
  readonly details: readonly Authorization[] | undefined;
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

/** The order in which a readable assertion is judged: the first check that fails answers. */
const MASKINPORTEN_CHECK_ORDER: readonly Check[] = [
  checkForm,
  checkClient,
  checkKey,
  checkSignature,
  checkAudience,
  checkExpiry,
  checkBeginning,
  checkClaimNames,
  checkReplay,
  checkConsumer,
  checkScopes,
  checkAccess,
  checkPid,
  checkDetails,
];

/** Judges the `assertion` of a JWT grant (RFC 7523 2.1, 3). Throws a Refusal. */
export async function checkAssertion(call: Call): Promise<CheckedAssertion> {
  const jwt = parseAssertion(required(call, 'assertion'), { algorithms: ['RS256', 'RS384', 'RS512'], types: 'any' });
  const subject = { call, jwt, snapshot: call.realm.snapshot(), now: call.realm.now() };
  for (const check of MASKINPORTEN_CHECK_ORDER) await check(subject);
  return {
    client: clientOf(subject),
    amr: amrOf(subject),
    scopes: grantedScopes(subject),
    resource: stringListClaim(jwt.claims, 'resource') ?? [],
    pid: stringClaim(jwt.claims, 'pid'),
    consumer: consumerOf(subject),
    details: detailsOf(subject),
  };
}

function checkClient(subject: Subject): void {
  clientOf(subject);
}

function checkAudience({ call, jwt }: Subject): void {
  const audience = jwt.claims['aud'];
  const single = Array.isArray(audience) && audience.length === 1 && MASKINPORTEN_AUD_ARRAY === 'accept';
  // The slash belongs to the issuer; nothing is normalised.
  if ((single ? audience[0] : audience) !== call.place.issuer) {
    throw new Refusal('assertion-audience', { client: issuerOf(jwt) });
  }
}

function checkExpiry({ jwt, now }: Subject): void {
  if ((numberClaim(jwt.claims, 'exp') ?? 0) <= now) throw new Refusal('assertion-expired', { client: issuerOf(jwt) });
}

/** A token is not to be used before its `nbf` (RFC 7523 3): one from the future is refused as an `iat` from there is. */
function checkBeginning({ jwt, now }: Subject): void {
  const iat = numberClaim(jwt.claims, 'iat') ?? 0;
  const from = Math.max(iat, numberClaim(jwt.claims, 'nbf') ?? iat);
  if (from > now + SKEW_SECONDS) throw new Refusal('assertion-future', { client: issuerOf(jwt) });
  const life = (numberClaim(jwt.claims, 'exp') ?? 0) - iat;
  if (life > MAX_LIFE_SECONDS) throw new Refusal('assertion-life', { client: issuerOf(jwt) });
}

function checkClaimNames({ jwt }: Subject): void {
  const unknown = Object.keys(jwt.claims).find((name) => !CLAIMS.has(name));
  if (unknown !== undefined && MASKINPORTEN_UNKNOWN_CLAIM === 'refuse') {
    throw new Refusal('assertion-claim', { claim: unknown, client: issuerOf(jwt) });
  }
}

/** `jti` is recommended only; without one there is nothing to remember. */
async function checkReplay({ call, jwt }: Subject): Promise<void> {
  if (jwt.claims['jti'] === undefined) return;
  await refuseReplay(call.realm, issuerOf(jwt), jwt.claims, numberClaim(jwt.claims, 'exp') ?? 0);
}

function issuerOf(jwt: UnverifiedJwt): string {
  return stringClaim(jwt.claims, 'iss') ?? '';
}
