import type { CachedToken } from '../../oauth/tokens/cached-token.ts';
import type { Question } from '../../oauth/tokens/refresh-ahead.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Encoding } from '../wire/fields.ts';
import type { TokenRequest } from '../wire/requests.ts';

/** A request for an application's own token that was found good, and what the cache is asked for it. */
export interface KnownRequest {
  readonly wanted: TokenRequest;
  readonly question: Question<string>;
  /** What was answered last, and with what. */
  last: LastAnswer | undefined;
}

interface LastAnswer {
  readonly token: string;
  readonly secondsLeft: number;
  readonly response: HttpResponse;
}

/**
 * Requests of an application for its own tokens, by the very bytes they were made of: it asks for few tokens, over and over in the same
 * words, and to read those again would cost as much as to answer them. There is one for each configuration, under whose rules they were
 * good; it says nothing of whether there is a token.
 */
export interface KnownRequests {
  find(body: Buffer, encoding: Encoding): KnownRequest | undefined;
  /** Remembers a request of few words; it may hold nothing of a user. */
  keep(body: Buffer, encoding: Encoding, known: Omit<KnownRequest, 'last'>): void;
  readonly size: number;
}

const MAX_REQUESTS = 256;
const MAX_BODY_BYTES = 1024;
/** Answers with longer ones are made each time: all that are remembered take no more than a megabyte or two. */
const MAX_TOKEN_CHARACTERS = 4096;

/** Knows none yet. When there is no more room all are forgotten: those that are used are known again at once. */
export function createKnownRequests(): KnownRequests {
  const known = { json: new Map<string, KnownRequest>(), form: new Map<string, KnownRequest>() };
  const size = (): number => known.json.size + known.form.size;
  return {
    find: (body, encoding) => (body.length > MAX_BODY_BYTES ? undefined : known[encoding].get(body.toString('latin1'))),
    keep(body, encoding, { wanted, question }) {
      if (body.length > MAX_BODY_BYTES) return;
      if (size() >= MAX_REQUESTS) for (const each of [known.json, known.form]) each.clear();
      known[encoding].set(body.toString('latin1'), { wanted, question, last: undefined });
    },
    get size() {
      return size();
    },
  };
}

/** The answer with this token: the one given last, as long as the same is to be said, which is for a second. */
export function answerAgain(
  known: KnownRequest,
  { value, secondsLeft }: CachedToken<string>,
  make: () => HttpResponse,
): HttpResponse {
  const { last } = known;
  if (last?.secondsLeft === secondsLeft && last.token === value) return last.response;
  const response = make();
  known.last = value.length > MAX_TOKEN_CHARACTERS ? undefined : { token: value, secondsLeft, response };
  return response;
}
