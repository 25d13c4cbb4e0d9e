import { stringClaim } from '../../oauth/jwt.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientSite } from '../persona.ts';
import { words } from '../words.ts';
import { readWantedClaims } from './claims.ts';
import type { WantedClaim } from './claims.ts';
import { readOwnToken } from './own-token.ts';
import { Refusal } from './refusal.ts';
import type { AuthorizationRequest } from './user-grant.ts';

type Parameters = ReadonlyMap<string, string>;

/** Who a request has to be about, and at which level: `id_token_hint`, `acr_values`, `claims` (OpenID Connect Core 3.1.2.1 and 5.5.1). Throws a Refusal. */
export function readAskedPerson(
  site: ClientSite,
  policy: AuthorizePolicy,
  parameters: Parameters,
): Pick<AuthorizationRequest, 'subject' | 'acr'> {
  const asked = policy.requiredAcr(words(parameters.get('acr_values')));
  const hinted = hintedSubject(site, policy, parameters.get('id_token_hint'));
  if (policy.claimsParameter !== true) return { subject: hinted, acr: asked };
  const { idToken, userinfo } = readWantedClaims(parameters.get('claims'));
  const wanted = [idToken.get('sub'), userinfo.get('sub')].flatMap((claim) => textsOf(claim) ?? []);
  const subjects = new Set([...wanted, ...(hinted === undefined ? [] : [hinted])]);
  if (subjects.size > 1) throw new Refusal('other-person');
  const [subject] = subjects;
  return { subject, acr: essentialAcr(policy, idToken.get('acr')) ?? asked };
}

/** Throws `other-person` when this is not who the request has to be about. */
export function requireAskedPerson(
  { realm, client }: Pick<ClientSite, 'realm' | 'client'>,
  policy: AuthorizePolicy,
  request: AuthorizationRequest,
  pid: string,
): void {
  if (!isAskedPerson({ realm, client }, policy, request, pid)) throw new Refusal('other-person', { client: client.id });
}

/** Whether this is who the request has to be about; anybody is where it names nobody. */
export function isAskedPerson(
  { realm, client }: Pick<ClientSite, 'realm' | 'client'>,
  policy: AuthorizePolicy,
  request: AuthorizationRequest,
  pid: string,
): boolean {
  return request.subject === undefined || policy.subjectOf?.(realm, client.id, pid) === request.subject;
}

/** An ID token of ours for this client, expired or not. */
function hintedSubject(
  { realm, place, client }: ClientSite,
  policy: AuthorizePolicy,
  hint: string | undefined,
): string | undefined {
  if (policy.subjectOf === undefined || hint === undefined) return undefined;
  const claims = readOwnToken(realm, place.issuer, hint);
  const fits = claims !== undefined && realm.persona.logout?.isIdToken(claims) === true && claims['aud'] === client.id;
  if (!fits) throw new Refusal('hint-invalid', { parameter: 'id_token_hint' });
  return stringClaim(claims, 'sub');
}

/** OpenID Connect Core 5.5.1.1: a level that is essential and cannot be reached fails the request, any other is a wish. */
function essentialAcr(policy: AuthorizePolicy, wanted: WantedClaim | undefined): string | undefined {
  const values = textsOf(wanted);
  if (values === undefined) return undefined;
  const acr = policy.requiredAcr(values);
  if (acr === undefined && wanted?.essential === true) throw new Refusal('acr-unknown', { parameter: 'claims' });
  return acr;
}

function textsOf(wanted: WantedClaim | undefined): readonly string[] | undefined {
  return wanted?.values?.filter((value) => typeof value === 'string');
}
