/** One login attempt between the redirect to the provider and the callback: what `state` carries and what the cookie keeps. */
import { createHash, randomBytes } from 'node:crypto';
import { decodeBase64Url, encodeBase64Url } from '../../oauth/base64url.ts';
import { DAY, MINUTE } from '../../oauth/time.ts';
import type { Sealer } from '../session/ticket.ts';

/** How long the attempt cookie is good for. */
export const ATTEMPT_SECONDS: number = 10 * MINUTE;
const STATE_SECONDS: number = 1 * DAY;
const ID_BYTES = 16;
const HASH_BYTES = 32;
const NONCE_BYTES = 16;
const VERIFIER_BYTES = 32;
const COOKIE_ID_CHARACTERS = 8;
const MAX_TARGET_IN_STATE = 256;

/** What the public half says, readable by us alone: enough to go on when the cookie is gone. */
export interface LoginState {
  readonly id: Buffer;
  readonly target: string;
  readonly provider: string;
  readonly level: string | undefined;
  /** What the login was asked for in: the language of our pages. */
  readonly locale: string | undefined;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly tries: number;
}

/** What only the browser that began the attempt can show. */
export interface LoginSecrets {
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly provider: string;
  /** URL of the ingress the attempt began at. */
  readonly ingress: string;
  readonly level: string | undefined;
  readonly tries: number;
  readonly startedAt: number;
  readonly maxAgeSeconds: number | undefined;
  /** Only when the target was too long for `state`. */
  readonly target: string | undefined;
}

/** What an attempt begins with. */
export interface AttemptStart {
  readonly target: string;
  readonly provider: string;
  readonly ingress: string;
  readonly level: string | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly locale: string | undefined;
  readonly tries: number;
  readonly now: number;
}

/** A new attempt: the parameters for the provider, and the cookie. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Tells this attempt's cookie from others'. */
  readonly cookieId: string;
  readonly seal: (cookieName: string) => string;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseMembers(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function stateHash(state: string): Buffer {
  return createHash('sha256').update(state).digest();
}

/** The last part of an attempt cookie's name. */
export function attemptCookieId(id: Uint8Array): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, COOKIE_ID_CHARACTERS);
}

/** Whether a text could be such a last part: what else stands in a cookie's name is not ours to judge or to clear. */
export function isAttemptCookieId(text: string): boolean {
  return text.length === COOKIE_ID_CHARACTERS && /^[\w-]+$/.test(text);
}

function shortTarget(target: string): string {
  if (Buffer.byteLength(target) <= MAX_TARGET_IN_STATE) return target;
  const path = target.split(/[?#]/)[0] ?? '/';
  return Buffer.byteLength(path) <= MAX_TARGET_IN_STATE ? path : '/';
}

function sealState(sealer: Sealer, id: Buffer, start: AttemptStart): string {
  const members = {
    t: shortTarget(start.target),
    p: start.provider,
    a: start.level,
    l: start.locale,
    i: Math.floor(start.now),
    n: start.tries,
  };
  const sealed = decodeBase64Url(sealer.seal('state', Buffer.from(JSON.stringify(members)), id.toString('hex')));
  return encodeBase64Url(Buffer.concat([id, sealed ?? Buffer.alloc(0)]));
}

/** Begins an attempt. */
export function beginAttempt(sealer: Sealer, start: AttemptStart): Attempt {
  const id = randomBytes(ID_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const verifier = randomBytes(VERIFIER_BYTES);
  const state = sealState(sealer, id, start);
  const members = {
    p: start.provider,
    g: start.ingress,
    a: start.level,
    n: start.tries,
    i: Math.floor(start.now),
    m: start.maxAgeSeconds,
    t: shortTarget(start.target) === start.target ? undefined : start.target,
  };
  const plain = Buffer.concat([stateHash(state), nonce, verifier, Buffer.from(JSON.stringify(members))]);
  return {
    state,
    nonce: encodeBase64Url(nonce),
    codeVerifier: encodeBase64Url(verifier),
    cookieId: attemptCookieId(id),
    seal: (cookieName) => sealer.seal('login-state', plain, cookieName),
  };
}

/** Opens `state`; undefined unless we sealed it within 24 hours. */
export function openState(sealer: Sealer, state: string, now: number): LoginState | undefined {
  const bytes = decodeBase64Url(state);
  if (bytes === undefined || bytes.length <= ID_BYTES) return undefined;
  const id = Buffer.from(bytes.subarray(0, ID_BYTES));
  const plain = sealer.open('state', encodeBase64Url(bytes.subarray(ID_BYTES)), id.toString('hex'));
  const members = plain === undefined ? undefined : parseMembers(plain);
  const startedAt = optionalNumber(members?.['i']);
  if (members === undefined || startedAt === undefined || now > startedAt + STATE_SECONDS) return undefined;
  return {
    id,
    target: optionalText(members['t']) ?? '/',
    provider: optionalText(members['p']) ?? '',
    level: optionalText(members['a']),
    locale: optionalText(members['l']),
    startedAt,
    tries: optionalNumber(members['n']) ?? 0,
  };
}

/** When an attempt cookie was sealed, in seconds, and for which provider; undefined when it is not one of ours. */
export function describeAttempt(
  sealer: Sealer,
  cookie: { readonly name: string; readonly value: string },
): Pick<LoginSecrets, 'startedAt' | 'provider'> | undefined {
  return openSecrets(sealer, cookie)?.secrets;
}

function openSecrets(
  sealer: Sealer,
  cookie: { readonly name: string; readonly value: string },
): { readonly stateHash: Buffer; readonly secrets: LoginSecrets } | undefined {
  const plain = sealer.open('login-state', cookie.value, cookie.name);
  const fixed = HASH_BYTES + NONCE_BYTES + VERIFIER_BYTES;
  if (plain === undefined || plain.length <= fixed) return undefined;
  const members = parseMembers(plain.subarray(fixed));
  const startedAt = optionalNumber(members?.['i']);
  if (members === undefined || startedAt === undefined) return undefined;
  return {
    stateHash: plain.subarray(0, HASH_BYTES),
    secrets: {
      nonce: encodeBase64Url(plain.subarray(HASH_BYTES, HASH_BYTES + NONCE_BYTES)),
      codeVerifier: encodeBase64Url(plain.subarray(HASH_BYTES + NONCE_BYTES, fixed)),
      provider: optionalText(members['p']) ?? '',
      ingress: optionalText(members['g']) ?? '',
      level: optionalText(members['a']),
      tries: optionalNumber(members['n']) ?? 0,
      startedAt,
      maxAgeSeconds: optionalNumber(members['m']),
      target: optionalText(members['t']),
    },
  };
}

/** Opens the cookie of the attempt that `state` belongs to; undefined when it is another's, or older than ten minutes. */
export function openAttemptCookie(
  sealer: Sealer,
  cookie: { readonly name: string; readonly value: string },
  expected: { readonly state: string; readonly now: number },
): LoginSecrets | undefined {
  const opened = openSecrets(sealer, cookie);
  if (opened === undefined || !opened.stateHash.equals(stateHash(expected.state))) return undefined;
  return expected.now > opened.secrets.startedAt + ATTEMPT_SECONDS ? undefined : opened.secrets;
}
