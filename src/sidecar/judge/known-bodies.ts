import { hash } from 'node:crypto';
import type { Provider } from '../provider/provider.ts';
import type { Encoding } from '../wire/fields.ts';

/** What a request to judge a token was about. */
interface KnownBody {
  readonly provider: Provider;
  /** Under which the verdict is kept, if it still is. */
  readonly key: string;
}

/**
 * Requests to judge tokens that were good, by the SHA-256 of the very bytes they were made of, for a token is judged again with every
 * request of its user. Of what they said nothing is kept but the name of the verdict: whether that still holds is for its cache to say.
 * There is one for each configuration.
 */
export interface KnownBodies {
  /** One hash over it, in place of reading it and one over the token. */
  digestOf(body: Buffer): string;
  find(digest: string, encoding: Encoding): KnownBody | undefined;
  keep(digest: string, encoding: Encoding, known: KnownBody): void;
  readonly size: number;
}

/** Two or three hundred bytes each. */
const MAX_BODIES = 10_000;

/** Knows none yet. When there is no more room all are forgotten: to find one again costs its request no more than it would have anyway. */
export function createKnownBodies(): KnownBodies {
  const known = { json: new Map<string, KnownBody>(), form: new Map<string, KnownBody>() };
  const size = (): number => known.json.size + known.form.size;
  return {
    digestOf: (body) => hash('sha256', body, 'base64url'),
    find: (digest, encoding) => known[encoding].get(digest),
    keep(digest, encoding, body) {
      if (size() >= MAX_BODIES) for (const each of [known.json, known.form]) each.clear();
      known[encoding].set(digest, body);
    },
    get size() {
      return size();
    },
  };
}
