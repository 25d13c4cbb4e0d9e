import { constants, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { selfSign } from '../../../src/idp/keys/certificates.ts';
import { generatePrivateJwk, publicJwk } from '../../../src/oauth/jwk.ts';
import type { PrivateJwk, PublicJwk } from '../../../src/oauth/jwk.ts';
import type { Random } from '../scale.ts';

/** What signs: a name of the algorithm and the key for it. */
export type Signer = (input: Buffer) => Buffer;

/** Keys of someone nobody trusts; they bear the names of the trusted ones. */
export interface Attacker {
  readonly rsaJwk: PublicJwk;
  readonly rsaPrivateJwk: PrivateJwk;
  readonly rsa: KeyObject;
  readonly ec: KeyObject;
  readonly ed: KeyObject;
  /** A certificate over the RSA key, base64 of DER. */
  readonly certificate: string;
}

/** A good token in its parts. Fresh for each mutant, so that nothing but the mutation can be the reason of a refusal. */
export interface Template {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The trusted key: RSA, for RS256. */
  readonly key: KeyObject;
  readonly publicJwk: PublicJwk;
  readonly attacker: Attacker;
  /** Where the attacker's key set would be: nobody may ever connect there. */
  readonly trap: string;
  /** Seconds since the epoch at the verifier. */
  readonly now: number;
}

/** Makes one bad token of a good one. */
export type Shape = (template: Template, random: Random) => string;

/** Makes the attacker once; the keys are dear. */
export async function createAttacker(): Promise<Attacker> {
  const [rsa, ec, ed] = await Promise.all([
    generatePrivateJwk('RS256'),
    generatePrivateJwk('ES256'),
    generatePrivateJwk('EdDSA'),
  ]);
  return {
    rsaJwk: publicJwk(rsa),
    rsaPrivateJwk: rsa,
    rsa: keyOf(rsa),
    ec: keyOf(ec),
    ed: keyOf(ed),
    certificate: await selfSign(rsa, 'attacker', Date.now() / 1000),
  };
}

/** A private JWK as a key object. */
export function keyOf(jwk: PrivateJwk): KeyObject {
  return createPrivateKey({ key: { ...jwk }, format: 'jwk' });
}

/** RSASSA-PKCS1-v1_5 with SHA-256 unless another digest is named. */
export const rs =
  (key: KeyObject, digest = 'sha256'): Signer =>
  (input) =>
    sign(digest, input, key);

/** RSASSA-PSS. */
export const ps =
  (key: KeyObject, digest = 'sha256'): Signer =>
  (input) =>
    sign(digest, input, {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });

/** ECDSA as JOSE wants it, or as DER. */
export const es =
  (key: KeyObject, dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): Signer =>
  (input) =>
    sign('sha256', input, { key, dsaEncoding });

/** Ed25519. */
export const ed =
  (key: KeyObject): Signer =>
  (input) =>
    sign(null, input, key);

/** HMAC with whatever serves as secret. */
export const hs =
  (secret: string | Buffer, digest = 'sha256'): Signer =>
  (input) =>
    createHmac(digest, secret).update(input).digest();

/** The public half of the trusted key. */
export function publicHalf({ key }: Template): KeyObject {
  return createPublicKey(key);
}

/** base64url of text or bytes. */
export function b64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

/** Header as text, members changed; undefined leaves one out. */
export function header({ header: good }: Template, change: object = {}): string {
  return JSON.stringify({ ...good, ...change });
}

/** Claims as text, likewise. */
export function claims({ claims: good }: Template, change: object = {}): string {
  return JSON.stringify({ ...good, ...change });
}

/** What a token is made of where it differs from the good one. */
export interface Parts {
  readonly header?: string | Uint8Array;
  readonly payload?: string | Uint8Array;
  /** Segments as they shall stand there, instead of the encoded parts. */
  readonly headerSegment?: string;
  readonly payloadSegment?: string;
  readonly by?: Signer;
}

/** Segments by name. */
export type Segment = 'headerSegment' | 'payloadSegment';

/** The first two segments. */
export function inputOf(template: Template, parts: Parts = {}): string {
  const first = parts.headerSegment ?? b64(parts.header ?? header(template));
  return `${first}.${parts.payloadSegment ?? b64(parts.payload ?? claims(template))}`;
}

/** A token whose signature is right over whatever stands there, by the trusted key unless another signs. */
export function signed(template: Template, parts: Parts = {}): string {
  const input = inputOf(template, parts);
  return `${input}.${b64((parts.by ?? rs(template.key))(Buffer.from(input)))}`;
}

/** Signed with other header members. */
export function withHeader(change: object, by?: Signer): Shape {
  return (template) => signed(template, { header: header(template, change), ...(by === undefined ? {} : { by }) });
}

/** Signed with other claims. */
export function withClaims(change: object): Shape {
  return (template) => signed(template, { payload: claims(template, change) });
}

/** The segments of a good token. */
export function segments(template: Template): readonly [string, string, string] {
  const [first = '', second = '', third = ''] = signed(template).split('.');
  return [first, second, third];
}
