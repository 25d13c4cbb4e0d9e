import type { AcquireError } from '../../acquire/acquire-error.ts';
import { createFetch } from '../../fetch.ts';
import type { TokenFetch, TokenRule } from '../../fetch.ts';
import type { NonEmpty } from '../../result.ts';
import { createTokenHandle } from '../../token-handle.ts';
import type { AcquiredToken, MachineRequest, Tokens } from '../../tokens.ts';

/** What is asked for by the rule of the fetch under test. */
export const REQUEST: MachineRequest = { provider: 'entra_id', target: 'dev:fleet:register' };
/** Tokens of the application's own. */
export const RULE: TokenRule = { as: 'machine', request: REQUEST };
/** Tokens for the user of each request. */
export const FOR_USER: TokenRule = { as: 'user', provider: 'tokenx', target: 'dev:fleet:register' };
/** The one origin that is listed. */
export const ORIGIN = 'http://register';

interface Call {
  readonly url: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly contentType: string | null;
  readonly redirect: string;
  readonly body: string;
}

/** A fetch that adds tokens, the network below it, and where its tokens come from. */
interface World {
  readonly fetch: TokenFetch;
  readonly calls: Call[];
  readonly asked: object[];
  /** What the network answers, in order; the last one for all that follow. */
  readonly answers: (() => Response)[];
  readonly fake: FakeTokens;
}

interface FakeTokens {
  readonly tokens: Tokens;
  /** What was asked for. */
  readonly asked: object[];
  /** What fails instead of giving a token. */
  failure: AcquireError | undefined;
}

function notAsked(): never {
  throw new Error('createFetch has no use for this');
}

/** Tokens named `t1`, `t2` and so on, by the number of the request. */
export function fakeTokens(): FakeTokens {
  const asked: object[] = [];
  const give = async (request: object): Promise<AcquiredToken> => {
    asked.push(request);
    if (made.failure !== undefined) throw made.failure;
    return { token: createTokenHandle(`t${asked.length}`), expiresAt: 0, fromCache: false };
  };
  const both = { machineOrThrow: give, onBehalfOfOrThrow: give };
  const tokens: Tokens = { ...both, machine: notAsked, onBehalfOf: notAsked, close: notAsked };
  const made: FakeTokens = { tokens, asked, failure: undefined };
  return made;
}

/** A network that answers in order, and a fetch over it. */
export function world(rule: TokenRule = RULE, origins: NonEmpty<string> = [ORIGIN]): World {
  const calls: Call[] = [];
  const fake = fakeTokens();
  const answers: World['answers'] = [];
  const net: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { url, method, headers, redirect } = request;
    const authorization = headers.get('authorization');
    const contentType = headers.get('content-type');
    calls.push({ url, method, authorization, contentType, redirect, body: await request.text() });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer?.() ?? new Response('fine');
  };
  const fetch = createFetch(fake.tokens, { origins, ...rule, fetch: net });
  return { fetch, calls, asked: fake.asked, answers, fake };
}

/** The API wants another token. */
export const unauthorized = (): Response => new Response('no', { status: 401 });
/** The API is elsewhere. */
export const redirectTo: (location: string, status?: number) => () => Response =
  (location: string, status = 302) =>
  (): Response =>
    new Response(null, { status, headers: { location } });
