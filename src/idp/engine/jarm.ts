import type { Site } from '../persona.ts';
import { signToken } from './issue.ts';
import type { AuthorizationRequest } from './user-grant.ts';

type ResponseMode = AuthorizationRequest['responseMode'];

/** How long a signed answer holds. */
const LIFE_SECONDS = 120;

/** An answer of the authorization endpoint as it travels: how it is carried, and its parameters. */
interface Carried {
  readonly mode: 'query' | 'fragment' | 'form_post';
  readonly fields: Readonly<Record<string, string>>;
}

/** Puts an answer, good or bad, into the one parameter `response`, signed, where the mode says so (JARM 2.1, 2.3); else leaves it as it is. */
export async function signAnswer(
  { realm, place }: Pick<Site, 'realm' | 'place'>,
  target: { readonly clientId: string; readonly responseMode: ResponseMode },
  fields: Readonly<Record<string, string>>,
): Promise<Carried> {
  const { responseMode, clientId } = target;
  if (responseMode !== 'query.jwt' && responseMode !== 'form_post.jwt') return { mode: responseMode, fields };
  const exp = Math.floor(realm.now()) + LIFE_SECONDS;
  // The parameter `iss` of RFC 9207 is the claim; only where it is not part of the answer it has to be added.
  const issuer = realm.persona.authorize?.issInAnswer === true ? {} : { iss: place.issuer };
  const claims = { ...issuer, aud: clientId, exp, ...fields };
  const response = await signToken(realm, { kind: 'response', client: clientId, claims });
  return { mode: responseMode === 'query.jwt' ? 'query' : 'form_post', fields: { response } };
}
