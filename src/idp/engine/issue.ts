import type { Algorithm } from '../../oauth/algorithms.ts';
import { signJws } from '../../oauth/jws.ts';
import type { IssuedToken } from '../journal.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';
import type { UserGrant } from './user-grant.ts';

/** A token about to be signed. */
export interface TokenToSign {
  readonly kind: IssuedToken['kind'];
  readonly client: string;
  /** What the person let the client have, for user tokens. */
  readonly grant?: UserGrant | undefined;
  readonly header?: { readonly typ?: string };
  readonly claims: Readonly<Record<string, unknown>>;
  /** RS256 unless told. */
  readonly alg?: Algorithm;
}

/** Signs every token of every persona: the one place where tokens are noted for the control API. */
export async function signToken(realm: Realm, token: TokenToSign): Promise<string> {
  const { kind, client, claims, header = {}, alg = 'RS256' } = token;
  const { signing } = realm.keys.signer(alg);
  const raw = await signJws(header, claims, signing);
  realm.journal.noteIssued({
    persona: realm.persona.name,
    client,
    kind,
    time: wholeSeconds(realm.now),
    header: { ...header, alg: signing.alg, kid: signing.kid },
    claims,
    raw,
  });
  return raw;
}
