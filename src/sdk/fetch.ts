import { readBearer } from '../oauth/bearer.ts';
import { isJsonObject } from '../oauth/objects.ts';
import { AcquireError } from './acquire/acquire-error.ts';
import { machineMembers } from './acquire/check-request.ts';
import { ConfigError } from './config-error.ts';
import { readAsked } from './http/asked.ts';
import type { Asked } from './http/asked.ts';
import { canRepeat, redirected } from './http/hop.ts';
import type { Hop } from './http/hop.ts';
import { fetchOfNow } from './fetch-of-now.ts';
import { createOriginList } from './http/origins.ts';
import type { NonEmpty } from './result.ts';
import { unknownMembers } from './settings/option-names.ts';
import type { AcquiredToken, MachineRequest, Tokens, UserToken } from './tokens.ts';

/** Whose token requests carry: the application's own, or one exchanged for that of the user each request is made for. */
export type TokenRule =
  | { readonly as: 'machine'; readonly request: MachineRequest }
  | { readonly as: 'user'; readonly provider: 'entra_id' | 'tokenx'; readonly target: string };

/** `fetch` that adds a token; `user` is whose, where the rule says `as: 'user'`. */
export type TokenFetch = (
  input: string | URL | Request,
  init?: RequestInit & { readonly user?: UserToken },
) => Promise<Response>;

/** Where tokens may go: `https://host` or `https://host:port`, http only where it is written. `fetch`: the global one unless given. */
type FetchOptions = {
  readonly origins: NonEmpty<string>;
  readonly fetch?: typeof globalThis.fetch;
} & TokenRule;

const MAX_REDIRECTS = 20;
const MACHINE_RULE = { origins: true, fetch: true, as: true, request: true } as const;
const USER_RULE = { origins: true, fetch: true, as: true, provider: true, target: true } as const;

interface Engine {
  readonly fetch: typeof globalThis.fetch;
  /** A token for this request; undefined where none belongs. */
  readonly acquire: ((fresh: boolean) => Promise<string>) | undefined;
}

/**
 * Adds a token to requests for the listed origins and to no others. No redirect to another origin is followed: its answer
 * is handed out as it is. After a 401 a request whose body can be sent again gets one more try with a fresh token.
 * Rejects with AcquireError when there is no token; its kind is `request`, and nothing was sent, for an `Authorization` header
 * of the caller's own and for a missing `user`. Throws ConfigError for origins and rules that cannot work.
 */
export function createFetch(tokens: Tokens, options: FetchOptions): TokenFetch {
  checkRule(tokens, options);
  const isListed = createOriginList(options.origins);
  const fetch = options.fetch ?? fetchOfNow;
  return async (input, given) => {
    const { user, ...init } = given ?? {};
    const asked = readAsked(input, init);
    if (asked.headers.has('authorization')) {
      throw new AcquireError('request', 'the request already has an Authorization header');
    }
    if (!isListed(asked.url)) return await follow(asked, { fetch, acquire: undefined });
    const acquire = acquirer(tokens, options, { user, signal: asked.signal });
    return await follow(asked, { fetch, acquire });
  };
}

function acquirer(
  tokens: Tokens,
  rule: TokenRule,
  { user, signal }: { readonly user: UserToken | undefined; readonly signal: AbortSignal | undefined },
): (fresh: boolean) => Promise<string> {
  const how = signal === undefined ? {} : { signal };
  if (rule.as === 'machine') {
    return async (fresh) => {
      return sendable(await tokens.machineOrThrow({ ...rule.request, ...how, ...(fresh ? { fresh } : {}) }));
    };
  }
  if (user === undefined || user === '') {
    throw new AcquireError('request', 'requests of this fetch are made for a user, and `user` is missing');
  }
  const { provider, target } = rule;
  return async (fresh) => {
    return sendable(await tokens.onBehalfOfOrThrow({ provider, target, user, ...how, ...(fresh ? { fresh } : {}) }));
  };
}

/** The token itself, if a header can hold it (RFC 6750 2.1): the error of one that cannot would quote it. Throws AcquireError. */
function sendable({ token }: AcquiredToken): string {
  const text = token.reveal();
  if (readBearer(`Bearer ${text}`).kind === 'token') return text;
  throw new AcquireError('transient', 'the token that came is none that a header can hold');
}

/** Sends a request and what redirects of its origin ask for; on 401 once more, with a fresh token. */
async function follow(asked: Asked, { fetch, acquire }: Engine): Promise<Response> {
  let token = await acquire?.(false);
  let retried = acquire === undefined;
  let hop: Hop = asked;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; ) {
    const response = await send(fetch, asked, { hop, token });
    if (response.status === 401 && !retried && canRepeat(hop.body)) {
      retried = true;
      await discard(response);
      token = await acquire?.(true);
      continue;
    }
    const next = asked.redirect === 'follow' ? redirected(hop, response) : undefined;
    if (next === undefined) return response;
    await discard(response);
    if (!canRepeat(next.body)) throw new TypeError('a redirect asks for a body that can be sent once only');
    hop = next;
    redirects += 1;
  }
  throw new TypeError(`more than ${MAX_REDIRECTS} redirects`);
}

async function send(
  fetch: typeof globalThis.fetch,
  asked: Asked,
  { hop, token }: { readonly hop: Hop; readonly token: string | undefined },
): Promise<Response> {
  const headers = new Headers(hop.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const redirect = asked.redirect === 'error' ? 'error' : 'manual';
  if (asked.request !== undefined && hop === asked) {
    return await fetch(asked.request, { ...asked.shared, headers, redirect });
  }
  const { method, body } = hop;
  return await fetch(hop.url.href, { ...asked.shared, method, headers, body, redirect });
}

/** Lets go of an answer nobody will read. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

/** Callers without types are caught here too: a rule that gives no token would refuse every request. Throws ConfigError. */
function checkRule(tokens: unknown, rule: unknown): void {
  const findings = isJsonObject(rule) ? findingsOf(rule) : ['the rule is missing: origins, and whose token they get'];
  if (!isJsonObject(tokens) || typeof tokens['machineOrThrow'] !== 'function') {
    findings.push('tokens is missing: it is what tokensFromEnv() gives, and comes first');
  }
  if (findings.length > 0) throw new ConfigError(findings.map((finding) => `createFetch: ${finding}`));
}

function findingsOf(rule: Readonly<Record<string, unknown>>): string[] {
  const { as } = rule;
  if (rule['fetch'] !== undefined && typeof rule['fetch'] !== 'function') return ['fetch has to be a function'];
  if (as !== 'machine' && as !== 'user') return ['`as` has to be machine or user'];
  const asked = as === 'machine' ? rule['request'] : rule;
  if (!isJsonObject(asked)) return ['the rule names no request, as { provider, target }'];
  const { provider, target } = asked;
  const known = as === 'machine' ? ['entra_id', 'maskinporten'] : ['entra_id', 'tokenx'];
  const isKnown = typeof provider === 'string' && known.includes(provider);
  const findings = isKnown ? [] : [`provider has to be ${known.join(' or ')} for tokens of a ${as}`];
  findings.push(...unknownMembers(rule, as === 'machine' ? MACHINE_RULE : USER_RULE));
  if (as === 'machine')
    findings.push(...unknownMembers(asked, machineMembers(provider)).map((finding) => `request: ${finding}`));
  if (typeof target !== 'string' || target === '') findings.push('the rule names no target');
  return findings;
}
