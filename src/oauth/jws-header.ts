import { algorithmNamed } from './algorithms.ts';
import { decodeBase64Url } from './base64url.ts';
import { ownClaim } from './claims.ts';
import { JoseError } from './jose-error.ts';
import { isJsonObject } from './objects.ts';
import { parseStrictJson } from './strict-json.ts';

/** The protected header of a JWS (RFC 7515 section 4). `alg` by its name here: `EdDSA` where the token says `Ed25519` (RFC 9864 2.2). */
export interface JwsHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
  readonly typ?: string | undefined;
  readonly [member: string]: unknown;
}

/** Which headers one kind of token may have. */
export interface HeaderRules {
  /** Allowed `typ`, compared without case and `application/`. An absent `typ` counts as `JWT`. `JWT`, `at+jwt` unless given; `later`: see {@link checkType}. */
  readonly types?: readonly string[] | 'later';
  /** Header members that name a key and are refused (`jwk`) or dropped (`x5c`) unless listed. */
  readonly allow?: readonly ('jwk' | 'x5c')[];
  /** Saves reading the same header text again. */
  readonly memo?: HeaderMemo;
}

/** Headers that were read before, by their text. Holds what they say and no verdict: rules are applied each time. */
export interface HeaderMemo {
  get(text: string): JwsHeader | undefined;
  keep(text: string, header: JwsHeader): void;
}

const MAX_KID_CHARACTERS = 256;
const MAX_MEMO_ENTRIES = 256;
const MAX_MEMO_CHARACTERS = 1024;
const DEFAULT_TYPES = ['JWT', 'at+jwt'];
const REFUSED_MEMBERS = ['crit', 'b64', 'zip', 'jku', 'x5u', 'cty'];

/** Makes a memo of at most 256 short headers; the oldest leaves first. One belongs to whoever verifies, never to the process. */
export function createHeaderMemo(): HeaderMemo {
  const headers = new Map<string, JwsHeader>();
  return {
    get: (text) => headers.get(text),
    keep: (text, header) => {
      // Only what cannot be changed by one of those who get it is shared between them.
      if (text.length > MAX_MEMO_CHARACTERS || Object.values(header).some((value) => typeof value === 'object')) return;
      // A copy of the text, for a piece of a string keeps the whole alive, and the whole is a token.
      headers.set(Buffer.from(text, 'latin1').toString('latin1'), Object.freeze(header));
      const [oldest] = headers.keys();
      if (headers.size > MAX_MEMO_ENTRIES && oldest !== undefined) headers.delete(oldest);
    },
  };
}

/** Reads the first segment of a token and judges it. Throws JoseError `token_malformed`, `header_refused` or `type_refused`. */
export function readHeader(text: string, rules: HeaderRules): JwsHeader {
  const known = rules.memo?.get(text);
  const header = known ?? parseHeader(text);
  if (known === undefined) rules.memo?.keep(text, header);
  const refused = REFUSED_MEMBERS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined) throw new JoseError('header_refused', `the header member ${refused} is not accepted`);
  if (Object.hasOwn(header, 'jwk') && rules.allow?.includes('jwk') !== true) {
    throw new JoseError('header_refused', 'the header member jwk is not accepted');
  }
  if (rules.types !== 'later') checkType(header.typ, rules.types ?? DEFAULT_TYPES);
  if (!Object.hasOwn(header, 'x5c') || rules.allow?.includes('x5c') === true) return header;
  const { x5c: _, ...rest } = header;
  return rest;
}

function parseHeader(text: string): JwsHeader {
  const members = readJson(text);
  if (!isJsonObject(members)) throw new JoseError('header_refused', 'the header is not a JSON object');
  const alg = ownClaim(members, 'alg');
  const kid = ownClaim(members, 'kid');
  const typ = ownClaim(members, 'typ');
  if (typeof alg !== 'string' || alg === '') throw new JoseError('header_refused', 'the header names no algorithm');
  if (kid !== undefined && !isKid(kid)) throw new JoseError('header_refused', 'the header member kid is malformed');
  if (typ !== undefined && typeof typ !== 'string')
    throw new JoseError('header_refused', 'the header member typ is malformed');
  // An algorithm has one name from here on, so that no list and no key has to know two. What is not there is undefined, and not
  // looked for in the prototype.
  return { ...members, alg: algorithmNamed(alg) ?? alg, kid, typ };
}

function readJson(text: string): unknown {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) throw new JoseError('token_malformed', 'a segment is not base64url');
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    throw new JoseError('token_malformed', 'the header is not strict JSON', { cause });
  }
}

function isKid(kid: unknown): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= MAX_KID_CHARACTERS;
}

/** RFC 8725 section 3.11: the kind of a token is said by its type. Throws JoseError `type_refused`. */
export function checkType(typ: string = 'JWT', types: readonly string[] = DEFAULT_TYPES): void {
  if (types.includes(typ)) return;
  const wanted = normaliseType(typ);
  if (!types.some((type) => normaliseType(type) === wanted)) {
    throw new JoseError('type_refused', 'the token is of another type');
  }
}

/** A `typ` in the one form in which types are compared: lower case, without `application/` (RFC 7515 section 4.1.9). */
export function normaliseType(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}
