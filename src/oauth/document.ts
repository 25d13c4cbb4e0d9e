import { setTimeout as pause } from 'node:timers/promises';
import { readMaxAge } from './document-age.ts';
import { type Fetch, isAddressRefused, type Reach } from './fetch.ts';
import { createQuietLimit, type QuietLimit } from './quiet-limit.ts';
import { AnswerTooLong, readBody } from './read-body.ts';
import { parseStrictJson } from './strict-json.ts';

/** A document of a provider that could not be had. `reason` is short, stable and holds nothing the provider sent. */
export class DocumentUnavailable extends Error {
  override readonly name: string = 'DocumentUnavailable';
  readonly reason: string;
  /** Whether trying again at once may help. */
  readonly transient: boolean;

  constructor(reason: string, detail: { readonly transient?: boolean; readonly cause?: unknown } = {}) {
    super(`document unavailable: ${reason}`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.reason = reason;
    this.transient = detail.transient ?? false;
  }
}

/** What to fetch and how much of it. */
export interface DocumentOptions {
  readonly fetch: Fetch;
  readonly maxBytes: number;
  /** Which URLs may be talked to at all; {@link isProviderUrl} unless given. */
  readonly isAllowedUrl?: (url: string) => boolean;
  /** To which addresses; `any` unless given. */
  readonly reach?: Reach;
  /** Seconds for everything: 10 unless given. */
  readonly totalSeconds?: number;
  /** Seconds without a byte, for a fetch that has no such limit of its own; any number unless given. */
  readonly quietSeconds?: number | undefined;
  /** How often a fault that passes is tried again at once: twice unless given. */
  readonly retries?: number;
  /** Ends everything early. */
  readonly signal?: AbortSignal;
  /** Waits between attempts, in milliseconds; a real timer unless given. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

const TOTAL_SECONDS = 10;
const RETRIES = 2;
const RETRY_MILLISECONDS = 50;
const ACCEPT = 'application/jwk-set+json, application/json';
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 429]);

/** A document, and for how many seconds it says it may be kept. */
export interface AgingDocument {
  readonly document: unknown;
  readonly maxAgeSeconds?: number;
}

/** The same as {@link fetchAgingDocument}, for documents whose age somebody else decides on. */
export async function fetchDocument(url: string, options: DocumentOptions): Promise<unknown> {
  return (await fetchAgingDocument(url, options)).document;
}

/**
 * Gets a JSON document by https, or by http from a loopback address unless told otherwise. No redirects, two retries on faults
 * that pass, 10 seconds in all, content type ignored, read strictly. Throws DocumentUnavailable.
 */
export async function fetchAgingDocument(url: string, options: DocumentOptions): Promise<AgingDocument> {
  if (!(options.isAllowedUrl ?? isProviderUrl)(url)) throw new DocumentUnavailable('the URL is not https');
  const limit = AbortSignal.timeout((options.totalSeconds ?? TOTAL_SECONDS) * 1000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const wait = options.pause ?? ((milliseconds: number) => pause(milliseconds));
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await attemptOnce(url, options, signal);
    } catch (error) {
      const again =
        error instanceof DocumentUnavailable &&
        error.transient &&
        attempt < (options.retries ?? RETRIES) &&
        !signal.aborted;
      if (!again) throw error;
      await wait(RETRY_MILLISECONDS * (1 + 2 * Math.random()));
    }
  }
}

/** Whether we talk to such a URL at all: https, or http to this machine (RFC 8414 section 2, RFC 8252 section 8.3). */
export function isProviderUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/u.test(hostname)
  );
}

async function attemptOnce(url: string, options: DocumentOptions, signal: AbortSignal): Promise<AgingDocument> {
  const quiet = createQuietLimit(options.quietSeconds);
  try {
    return await attemptWithin(url, options, { signal, quiet });
  } catch (error) {
    if (!quiet.signal.aborted) throw error;
    throw new DocumentUnavailable('timeout', { transient: true, cause: error });
  } finally {
    quiet.end();
  }
}

interface Limits {
  readonly signal: AbortSignal;
  readonly quiet: QuietLimit;
}

async function attemptWithin(url: string, options: DocumentOptions, { signal, quiet }: Limits): Promise<AgingDocument> {
  const response = await request(url, options, AbortSignal.any([signal, quiet.signal]));
  if (response.status !== 200) {
    await response.body?.cancel().catch(() => {});
    const transient = response.status >= 500 || TRANSIENT_STATUS.has(response.status);
    throw new DocumentUnavailable(`status ${response.status}`, { transient });
  }
  const bytes = await readDocument(response, options.maxBytes, quiet);
  const maxAgeSeconds = readMaxAge(response.headers.get('cache-control'));
  try {
    return { document: parseStrictJson(bytes), ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) };
  } catch (cause) {
    throw new DocumentUnavailable('not strict JSON', { cause });
  }
}

async function request(url: string, { fetch, reach }: DocumentOptions, signal: AbortSignal): Promise<Response> {
  const init = { method: 'GET', headers: { Accept: ACCEPT }, redirect: 'manual', signal } as const;
  try {
    return await fetch(url, reach === undefined ? init : { ...init, reach });
  } catch (cause) {
    if (isAddressRefused(cause)) throw new DocumentUnavailable('its address may not be talked to', { cause });
    const isLate = signal.aborted || (cause instanceof Error && cause.name === 'TimeoutError');
    // A TypeError is the network's (Fetch 2.9); anything else, as an answer that is far too long, will not pass.
    const transient = cause instanceof TypeError || isLate;
    throw new DocumentUnavailable(isLate ? 'timeout' : 'no connection', { transient, cause });
  }
}

async function readDocument(response: Response, maxBytes: number, quiet: QuietLimit): Promise<Buffer> {
  try {
    quiet.touch();
    return await readBody(response, maxBytes, quiet.touch);
  } catch (cause) {
    if (cause instanceof AnswerTooLong) throw new DocumentUnavailable(cause.message);
    throw new DocumentUnavailable('body broken off', { transient: true, cause });
  }
}
