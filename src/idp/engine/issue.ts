import { signJws } from '../../oauth/jws.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';
import { faultsOf, signFaulty } from './faulty-token.ts';
import type { SignedToken, TokenToSign } from './token-to-sign.ts';

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
