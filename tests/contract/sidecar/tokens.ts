import { encodeBase64Url } from '../../../src/oauth/base64url.ts';
import { signBytes } from '../../../src/oauth/algorithms.ts';
import type { Json, JsonObject, TokenDescription } from './case.ts';
import { IDENTITIES } from './environment.ts';
import type { Keys } from './keys.ts';
import { CaseFault } from './shape.ts';

/** What a token is minted with. */
export interface Mint {
  readonly keys: Keys;
  readonly origin: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

const LIFE_SECONDS = 600;

/** A token as described: that of a provider for the sidecar's application, valid for ten minutes, but for what is said. */
export async function mintToken(token: TokenDescription, { keys, origin, now }: Mint): Promise<string> {
  const key = keys.signing[token.key];
  if (key === undefined) throw new CaseFault(`no key is called ${token.key}`);
  const { alg = key.alg } = token;
  const header = token.headerText ?? JSON.stringify({ alg, kid: key.kid, typ: 'JWT', ...token.header });
  const payload = token.payloadText ?? withMembers(JSON.stringify(claimsOf(token, origin, now)), token.memberText);
  const input = `${encodeBase64Url(header)}.${encodeBase64Url(payload)}`;
  const signature = await signBytes(alg, key.key, Buffer.from(input, 'latin1'));
  const segments = [...input.split('.'), encodeBase64Url(signature)].map((text, at) =>
    replaced(text, token.segments[at]),
  );
  return segments.join('.') + token.append;
}

/** The claims a description stands for, so that what is given back can be compared with them. */
function claimsOf(token: TokenDescription, origin: string, now: number): JsonObject {
  const identity = IDENTITIES[token.for];
  const claims: Record<string, Json> = {
    iss: origin + (identity?.path ?? ''),
    ...(identity?.audience === undefined ? {} : { aud: identity.audience }),
    iat: now,
    exp: now + LIFE_SECONDS,
    ...token.claims,
    ...Object.fromEntries(Object.entries(token.times).map(([name, seconds]) => [name, now + seconds])),
  };
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !token.without.includes(name)));
}

/** Null keeps a segment; a text in angle brackets is encoded first; other texts stand as they are. */
function replaced(segment: string, replacement: string | null | undefined): string {
  if (replacement === null || replacement === undefined) return segment;
  if (!replacement.startsWith('<') || !replacement.endsWith('>')) return replacement;
  return encodeBase64Url(replacement.slice(1, -1));
}

function withMembers(payload: string, members: string | undefined): string {
  return members === undefined ? payload : `${payload.slice(0, -1)},${members}}`;
}
