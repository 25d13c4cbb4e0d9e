import { isAlgorithm, signBytes, verifyBytes, verifyBytesOffThread } from './algorithms.ts';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import type { SigningKey, VerificationKey } from './jwk.ts';
import { JoseError } from './jose-error.ts';
import { type JwsHeader, type HeaderRules, readHeader } from './jws-header.ts';

export { JoseError, type JoseErrorCode } from './jose-error.ts';
export type { JwsHeader } from './jws-header.ts';

/** A well-formed compact JWS. Nothing in it is proven. */
export interface ParsedJws {
  readonly header: JwsHeader;
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly signingInput: string;
}

/** What a kind of token may look like before anything is verified. */
export interface ParseOptions extends HeaderRules {
  /** Longest token, in characters. 16384 unless given. */
  readonly maxBytes?: number;
}

const MAX_TOKEN_CHARACTERS = 16_384;

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
  // A fault of the segments comes before one of what they say (sidecar-sdk.md 2.2, row 2).
  const payload = decodeSegment(token.slice(first + 1, second));
  const signature = decodeSegment(token.slice(second + 1));
  const header = readHeader(token.slice(0, first), options);
  return { header, payload, signature, signingInput: token.slice(0, second) };
}

/** Whether this key signed this token with the algorithm the token names; false too when the key is not for that algorithm. */
export function verifySignature(jws: ParsedJws, key: VerificationKey): boolean {
  const { alg } = jws.header;
  if (!isAlgorithm(alg) || !key.algorithms.includes(alg)) return false;
  return verifyBytes(alg, key.key, Buffer.from(jws.signingInput, 'latin1'), jws.signature);
}

/** {@link verifySignature}, off the main thread where the algorithm makes that worth while. */
export async function verifySignatureOffThread(jws: ParsedJws, key: VerificationKey): Promise<boolean> {
  const { alg } = jws.header;
  if (!isAlgorithm(alg) || !key.algorithms.includes(alg)) return false;
  return await verifyBytesOffThread(alg, key.key, Buffer.from(jws.signingInput, 'latin1'), jws.signature);
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
