import { isAlgorithm, signBytes, verifyBytes } from './algorithms.ts';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import type { SigningKey, VerificationKey } from './jwk.ts';
import { isJsonObject } from './objects.ts';
import { parseStrictJson } from './strict-json.ts';

/** The protected header of a JWS (RFC 7515 section 4). */
export interface JwsHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly [member: string]: unknown;
}

/** A well-formed compact JWS. Nothing in it is proven. */
export interface ParsedJws {
  readonly header: JwsHeader;
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly signingInput: string;
}

/** Why a token was refused: a closed list, in the order in which the checks are made. */
export type JoseErrorCode =
  | 'token_missing'
  | 'token_too_large'
  | 'token_malformed'
  | 'header_refused'
  | 'type_refused'
  | 'algorithm_refused'
  | 'key_id_missing'
  | 'keys_unavailable'
  | 'key_unknown'
  | 'signature_invalid'
  | 'claim_missing'
  | 'claim_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'issuer_unknown'
  | 'audience_mismatch'
  | 'lifetime_exceeded';

/** A refused token. The message never quotes the token; `claim` names the claim at fault, where one is. */
export class JoseError extends Error {
  override readonly name: string = 'JoseError';
  readonly code: JoseErrorCode;
  readonly claim?: string;

  constructor(
    code: JoseErrorCode,
    message: string,
    detail: { readonly claim?: string; readonly cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    if (detail.claim !== undefined) this.claim = detail.claim;
  }
}

/** What a kind of token may look like before anything is verified. */
export interface ParseOptions {
  /** Longest token, in characters. 16384 unless given. */
  readonly maxBytes?: number;
  /** Allowed `typ`, compared without case and `application/`. An absent `typ` counts as `JWT`. `JWT`, `at+jwt` unless given. */
  readonly types?: readonly string[];
  /** Header members that name a key and are refused (`jwk`) or dropped (`x5c`) unless listed. */
  readonly allow?: readonly ('jwk' | 'x5c')[];
}

const MAX_TOKEN_CHARACTERS = 16_384;
const MAX_KID_CHARACTERS = 256;
const DEFAULT_TYPES = ['jwt', 'at+jwt'];
const REFUSED_MEMBERS = ['crit', 'b64', 'zip', 'jku', 'x5u', 'cty'];

/**
 * Takes a compact JWS apart (RFC 7515 sections 3.1 and 7.1): three canonical base64url segments, of which only the payload may be
 * empty, and a header read strictly. Throws JoseError `token_missing`, `token_too_large`, `token_malformed`, `header_refused` or `type_refused`.
 */
export function parseCompactJws(token: unknown, options: ParseOptions = {}): ParsedJws {
  if (typeof token !== 'string' || token === '') throw new JoseError('token_missing', 'there is no token');
  if (token.length > (options.maxBytes ?? MAX_TOKEN_CHARACTERS))
    throw new JoseError('token_too_large', 'the token is too long');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first === -1 || second === -1 || token.includes('.', second + 1)) {
    throw new JoseError('token_malformed', 'the token has not three segments');
  }
  if (first === 0 || second === token.length - 1) throw new JoseError('token_malformed', 'a segment is empty');
  return {
    header: parseHeader(decodeSegment(token.slice(0, first)), options),
    payload: decodeSegment(token.slice(first + 1, second)),
    signature: decodeSegment(token.slice(second + 1)),
    signingInput: token.slice(0, second),
  };
}

/** Whether this key signed this token with the algorithm the token names; false too when the key is not for that algorithm. */
export function verifySignature(jws: ParsedJws, key: VerificationKey): boolean {
  const { alg } = jws.header;
  if (!isAlgorithm(alg) || !key.algorithms.includes(alg)) return false;
  return verifyBytes(alg, key.key, Buffer.from(jws.signingInput, 'latin1'), jws.signature);
}

/** Signs a JSON payload as a compact JWS; `alg` and `kid` come from the key and win over the header given. */
export async function signJws(
  header: { readonly typ?: string; readonly [member: string]: unknown },
  payload: object,
  key: SigningKey,
): Promise<string> {
  const protectedHeader = encodeBase64Url(JSON.stringify({ ...header, alg: key.alg, kid: key.kid }));
  const signingInput = `${protectedHeader}.${encodeBase64Url(JSON.stringify(payload))}`;
  const signature = await signBytes(key.alg, key.key, Buffer.from(signingInput, 'latin1'));
  return `${signingInput}.${encodeBase64Url(signature)}`;
}

function decodeSegment(text: string): Buffer {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) throw new JoseError('token_malformed', 'a segment is not base64url');
  return bytes;
}

function parseHeader(bytes: Buffer, options: ParseOptions): JwsHeader {
  const members = readHeaderJson(bytes);
  const allowed = options.allow ?? [];
  const refused = REFUSED_MEMBERS.find((name) => Object.hasOwn(members, name));
  if (refused !== undefined) throw new JoseError('header_refused', `the header member ${refused} is not accepted`);
  if (Object.hasOwn(members, 'jwk') && !allowed.includes('jwk')) {
    throw new JoseError('header_refused', 'the header member jwk is not accepted');
  }
  const { x5c, ...rest } = members;
  const { alg, kid, typ } = members;
  if (typeof alg !== 'string' || alg === '') throw new JoseError('header_refused', 'the header names no algorithm');
  if (kid !== undefined && !isKid(kid)) throw new JoseError('header_refused', 'the header member kid is malformed');
  if (typ !== undefined && typeof typ !== 'string')
    throw new JoseError('header_refused', 'the header member typ is malformed');
  checkType(typ ?? 'JWT', options.types ?? DEFAULT_TYPES);
  const certificates = x5c !== undefined && allowed.includes('x5c') ? { x5c } : {};
  return {
    ...rest,
    ...certificates,
    alg,
    ...(kid === undefined ? {} : { kid }),
    ...(typ === undefined ? {} : { typ }),
  };
}

function readHeaderJson(bytes: Buffer): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseStrictJson(bytes);
  } catch (cause) {
    throw new JoseError('token_malformed', 'the header is not strict JSON', { cause });
  }
  if (!isJsonObject(header)) throw new JoseError('header_refused', 'the header is not a JSON object');
  return header;
}

function isKid(kid: unknown): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= MAX_KID_CHARACTERS;
}

/** RFC 8725 section 3.11: the kind of a token is said by its type. */
function checkType(typ: string, types: readonly string[]): void {
  const wanted = normaliseType(typ);
  if (!types.some((type) => normaliseType(type) === wanted)) {
    throw new JoseError('type_refused', 'the token is of another type');
  }
}

function normaliseType(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}
