import { syntheticPids } from './pid.ts';

/** What came of a request: the right answer, a wrong one, or an honest "not now". */
export type Verdict = 'right' | 'wrong' | 'unavailable';

/** A person who does not exist. */
interface SyntheticUser {
  readonly sub: string;
  /** A national identity number of the synthetic series. */
  readonly pid: string;
  readonly name: string;
  readonly acr: string;
}

/** The identity that reached an upstream app with a request; what is absent was not shown. `issuedAt` in seconds since the epoch. */
export interface SeenIdentity {
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly client?: string;
  readonly acr?: string;
  readonly issuedAt?: number;
}

/** The one identity a request may rightly show. */
interface Allowed {
  readonly sub: string;
  readonly aud: string;
  readonly client: string;
  readonly acr?: string;
  /** Seconds since the epoch: an older token is a stale one. */
  readonly issuedAfter: number;
}

/** Knows what every request may see and judges what it got, so that no fault test has its own idea of right and wrong. */
export interface Oracle {
  /** A new person; no two are alike. */
  user(traits?: Partial<SyntheticUser>): SyntheticUser;
  /** States, before a request is sent, what may rightly come of it. */
  expect(requestId: string, may: Allowed): void;
  /** Called by upstream test apps with what reached them; also after the answer was judged. */
  observed(requestId: string, identity: SeenIdentity): void;
  /**
   * Judges the answer to a request. Right: 2xx, and the upstream saw exactly the identity that was expected.
   * Unavailable: 503 with Retry-After, 502, 504, or no answer at all (`Response.error()`), while nothing wrong was
   * seen. Everything else is wrong: another's identity, none, a stale one, a redirect to sign in, a bare 500.
   */
  judge(requestId: string, response: Response): Verdict;
  /** How many requests were judged how. A wrong identity that shows up later turns a verdict to wrong. */
  totals(): Record<Verdict, number>;
  /** One sentence for each wrong, for the failing test's message. */
  complaints(): readonly string[];
}

interface Case {
  readonly may: Allowed;
  readonly seen: SeenIdentity[];
  response?: Response;
}

/** An oracle that knows nothing yet. The same seed makes the same people. */
export function createOracle(options: { readonly seed?: number } = {}): Oracle {
  const { seed = 1 } = options;
  const cases = new Map<string, Case>();
  const strays: string[] = [];
  const pids = syntheticPids(seed);
  let people = 0;

  const caseOf = (requestId: string): Case => {
    const found = cases.get(requestId);
    if (found === undefined) throw new Error(`the oracle was told nothing about request ${requestId}`);
    return found;
  };
  const judged = (): (readonly [string, Case, Response])[] =>
    [...cases].flatMap(([id, one]) => (one.response === undefined ? [] : [[id, one, one.response] as const]));

  return {
    user(traits = {}) {
      people += 1;
      const name = `Synthetic Person ${seed}-${people}`;
      const pid = pids.next().value;
      return { sub: `sub-${seed}-${people}`, pid, name, acr: 'idporten-loa-high', ...traits };
    },
    expect(requestId, may) {
      if (cases.has(requestId)) throw new Error(`request ${requestId} was expected before`);
      cases.set(requestId, { may, seen: [] });
    },
    observed(requestId, identity) {
      const found = cases.get(requestId);
      if (found === undefined) strays.push(`an app saw request ${requestId}, which nobody sent`);
      else found.seen.push(identity);
    },
    judge(requestId, response) {
      const one = caseOf(requestId);
      if (one.response !== undefined) throw new Error(`request ${requestId} was judged before`);
      one.response = response;
      return verdict(one, response)[0];
    },
    totals() {
      const totals: Record<Verdict, number> = { right: 0, wrong: strays.length, unavailable: 0 };
      for (const [, one, response] of judged()) totals[verdict(one, response)[0]] += 1;
      return totals;
    },
    complaints() {
      const wrong = judged().map(([id, one, response]) => [id, ...verdict(one, response)] as const);
      return [...strays, ...wrong.filter(([, said]) => said === 'wrong').map(([id, , why]) => `request ${id}: ${why}`)];
    },
  };
}

function verdict({ may, seen }: Case, response: Response): readonly [Verdict, string] {
  for (const identity of seen) {
    const fault = faultOf(identity, may);
    if (fault !== undefined) return ['wrong', fault];
  }
  const { status } = response;
  // Response.error() has status 0: no answer came.
  if (status === 0 || status === 502 || status === 504) return ['unavailable', ''];
  if (status === 503) {
    return response.headers.has('retry-after') ? ['unavailable', ''] : ['wrong', 'answered 503 without Retry-After'];
  }
  if (status < 200 || status > 299) return ['wrong', `answered ${status}`];
  return seen.length > 0 ? ['right', ''] : ['wrong', `answered ${status}, and no app saw who asked`];
}

/** What is not as it may be in an identity, if anything. */
function faultOf(seen: SeenIdentity, may: Allowed): string | undefined {
  const audiences = typeof seen.aud === 'string' ? [seen.aud] : (seen.aud ?? []);
  if (seen.sub !== may.sub) return `showed the user ${seen.sub ?? 'nobody'} instead of ${may.sub}`;
  if (audiences.length !== 1 || audiences[0] !== may.aud)
    return `showed the audience ${audiences.join(' ')} instead of ${may.aud}`;
  if (seen.client !== may.client) return `showed the client ${seen.client ?? 'none'} instead of ${may.client}`;
  if (may.acr !== undefined && seen.acr !== may.acr)
    return `showed the level ${seen.acr ?? 'none'} instead of ${may.acr}`;
  if (seen.issuedAt === undefined || seen.issuedAt < may.issuedAfter) {
    return `showed a token of ${seen.issuedAt ?? 'no time'}, older than ${may.issuedAfter}`;
  }
  return undefined;
}
