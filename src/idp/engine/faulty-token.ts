import { randomBytes } from 'node:crypto';
import { signBytes } from '../../oauth/algorithms.ts';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import type { FaultName } from '../faults.ts';
import { parseFault } from '../faults.ts';
import type { Realm } from '../persona.ts';
import { takeFault } from './faulty-take.ts';
import type { SignedToken, TokenToSign } from './token-to-sign.ts';

/** Faults of a token, with their values. */
export type TokenFaults = ReadonlyMap<FaultName, string>;

/** Faults that make a token wrong; the others are of answers. */
export const TOKEN_FAULTS: readonly FaultName[] = [
  'skew',
  'wrong-nonce',
  'no-sid',
  'bad-aud',
  'rotated-keys',
  'unpublished-key',
  'bad-sig',
  'alg-none',
  'no-kid',
];

const SKEW_SECONDS = 600;
const MAX_PUBLISHED_KEYS = 8;

/** What is to be wrong with a token: what the caller orders, else what acts on the token that its client has to judge. */
export async function faultsOf(realm: Realm, token: TokenToSign): Promise<TokenFaults | undefined> {
  if (token.faults !== undefined) return ordered(token.faults);
  if (!realm.faults.active && (token.grant?.faults.length ?? 0) === 0) return undefined;
  // The ID token; where nobody signed in, the access token.
  if (token.kind !== 'id' && !(token.kind === 'access' && token.grant === undefined)) return undefined;
  const spot = { realm, endpoint: 'token', client: token.client, grant: token.grant };
  const taken = new Map<FaultName, string>();
  for (const fault of TOKEN_FAULTS) {
    const value = canHave(token, fault) ? await takeFault(spot, fault) : undefined;
    if (value !== undefined) taken.set(fault, value);
  }
  return taken.size === 0 ? undefined : taken;
}

/** Signs a token that is wrong in exactly the ways asked for. */
export async function signFaulty(realm: Realm, token: TokenToSign, faults: TokenFaults): Promise<SignedToken> {
  const key = await keyFor(realm, token.alg ?? 'RS256', faults);
  const claims = damagedClaims(token.claims, faults);
  if (faults.has('alg-none')) {
    const header = { ...token.header, alg: 'none' };
    return { header, claims, raw: `${encode(header)}.${encode(claims)}.` };
  }
  const header = { ...token.header, alg: key.alg, ...(faults.has('no-kid') ? {} : { kid: key.kid }) };
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = await signBytes(key.alg, key.key, Buffer.from(input, 'latin1'));
  if (faults.has('bad-sig')) signature.writeUInt8(signature.readUInt8(0) ^ 1, 0);
  return { header, claims, raw: `${input}.${encodeBase64Url(signature)}` };
}

function ordered(faults: readonly string[]): TokenFaults | undefined {
  const read = faults.map(parseFault).filter((each) => each !== undefined);
  return read.length === 0 ? undefined : new Map(read.map(({ fault, value }) => [fault, value ?? '']));
}

/** A fault that would change nothing is left for a token it can change. */
function canHave({ claims }: TokenToSign, fault: FaultName): boolean {
  if (fault === 'wrong-nonce') return 'nonce' in claims;
  if (fault === 'no-sid') return 'sid' in claims;
  return fault !== 'bad-aud' || 'aud' in claims;
}

function damagedClaims(claims: TokenToSign['claims'], faults: TokenFaults): TokenToSign['claims'] {
  const changed: Record<string, unknown> = { ...claims };
  const skew = faults.get('skew');
  const seconds = skew === '' ? SKEW_SECONDS : Number(skew ?? 0);
  for (const name of ['iat', 'nbf', 'exp']) {
    const at = changed[name];
    if (typeof at === 'number') changed[name] = at + seconds;
  }
  if (faults.has('wrong-nonce')) changed['nonce'] = randomBytes(16).toString('base64url');
  if (faults.has('bad-aud')) changed['aud'] = 'another-client';
  if (faults.has('no-sid')) delete changed['sid'];
  return changed;
}

async function keyFor(realm: Realm, alg: Algorithm, faults: TokenFaults): Promise<SigningKey> {
  if (faults.has('unpublished-key')) return (await realm.keys.make(alg)).signing;
  if (!faults.has('rotated-keys')) return realm.keys.signer(alg).signing;
  const key = await realm.keys.make(alg);
  realm.keys.add(key);
  // Rotated again and again, the key document would grow without end.
  const [, , oldest] = realm.keys.published.length > MAX_PUBLISHED_KEYS ? realm.keys.published : [];
  if (oldest !== undefined) realm.keys.drop(oldest.signing.kid);
  return key.signing;
}

function encode(value: object): string {
  return encodeBase64Url(JSON.stringify(value));
}
