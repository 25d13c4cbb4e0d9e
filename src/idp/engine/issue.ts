import type { Algorithm } from '../../oauth/algorithms.ts';
import { signJws } from '../../oauth/jws.ts';
import type { IssuedToken } from '../journal.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';
import { faultsOf, signFaulty } from './faulty-token.ts';
import type { UserGrant } from './user-grant.ts';

/** A token about to be signed. */
export interface TokenToSign {
  readonly kind: IssuedToken['kind'];
  readonly client: string;
  /** What the person let the client have, for user tokens. */
  readonly grant?: UserGrant | undefined;
  readonly header?: { readonly typ?: string; readonly [member: string]: unknown };
  readonly claims: Readonly<Record<string, unknown>>;
  /** RS256 unless told. */
  readonly alg?: Algorithm;
  /** What is to be wrong with it, as `skew:600`; without it the faults that are switched on decide. */
  readonly faults?: readonly string[];
}

/** A token and what is in it. */
export type SignedToken = Pick<IssuedToken, 'header' | 'claims' | 'raw'>;

/** Signs every token of every persona: the one place where they are damaged on demand, and noted for the control API. */
export async function signToken(realm: Realm, token: TokenToSign): Promise<string> {
  const faults = await faultsOf(realm, token);
  const signed = faults === undefined ? await signWell(realm, token) : await signFaulty(realm, token, faults);
  const { kind, client } = token;
  realm.journal.noteIssued({ persona: realm.persona.name, client, kind, time: wholeSeconds(realm.now), ...signed });
  return signed.raw;
}

async function signWell(realm: Realm, { header = {}, claims, alg = 'RS256' }: TokenToSign): Promise<SignedToken> {
  const { signing } = realm.keys.signer(alg);
  const raw = await signJws(header, claims, signing);
  return { header: { ...header, alg: signing.alg, kid: signing.kid }, claims, raw };
}
