import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { JSONWebKeySet } from 'jose';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { ISSUER } from '../servers/fleet.ts';
import type { Fleet } from '../servers/fleet.ts';
import { post } from './exchange-wire.ts';
import type { Wired } from './exchange-wire.ts';

/** What was asked: what is allowed, with an assertion that had its token, or towards an app whose rules name nobody of us. */
type Question = 'good' | 'used' | 'forbidden';

/** An answer under load. */
export interface Loaded extends Wired {
  readonly question: Question;
  readonly origin: string;
  /** `fm_reason`. */
  readonly reason: string | undefined;
  /** The token, when there was one. */
  readonly token: string | undefined;
}

/** Clients that exchange tokens without end, and judge what they get. */
export interface Load {
  readonly answers: readonly Loaded[];
  /** Answers that must never be given: a token that is not right, or for a request that must have none. */
  readonly wrong: readonly string[];
  /** Good requests that got no token at the first server, nor at the next. */
  readonly failed: readonly Loaded[];
  stop(): Promise<void>;
}

/** How to load. */
interface LoadOptions {
  /** The load ends with this test, however that ends. */
  readonly t: TestContext;
  readonly fleet: Fleet;
  /** The servers there are now. */
  readonly origins: () => readonly string[];
  /** At once; 4 unless told. */
  readonly clients?: number;
  /** Between two requests of one client; 10 ms unless told. */
  readonly pauseMs?: number;
  /** What the subject token says besides what it always says. */
  readonly subject?: Readonly<Record<string, unknown>>;
}

/** Starts them. Of eight requests one repeats an assertion that had its token, and one asks for what no rule allows. */
export function startLoad({ t, fleet, origins, clients = 4, pauseMs = 10, subject = {} }: LoadOptions): Load {
  const answers: Loaded[] = [];
  const [wrong, failed, jtis] = [new Array<string>(), new Array<Loaded>(), new Set<unknown>()];
  const spent: string[] = [];
  const judge = createJudge(jtis);
  const over = new AbortController();
  let turn = 0;

  const ask = async (question: Question, origin: string): Promise<Loaded> => {
    const user = randomUUID();
    const used = question === 'used' ? spent[Math.floor(Math.random() * spent.length)] : undefined;
    const assertion = used ?? (await fleet.assertion());
    const form = await fleet.form({
      client_assertion: assertion,
      subject_token: await fleet.subject({ sub: user, ...subject }),
      ...(question === 'forbidden' ? { audience: 'dev:fleet:store' } : {}),
    });
    // Whoever repeats assertions is counted by its address, and must not be what stops the others.
    const from = question === 'used' ? `127.0.1.${1 + Math.floor(Math.random() * 250)}` : '127.0.0.1';
    const wired = await post({ origin, path: '/token', body: form.toString(), from });
    const { access_token: issued, fm_reason: told } = wired.body;
    const reason = typeof told === 'string' ? told : undefined;
    const token = typeof issued === 'string' ? issued : undefined;
    const answer = { ...wired, question, origin, reason, token };
    answers.push(answer);
    if (question === 'good' && token !== undefined) {
      spent.push(assertion);
      if (spent.length > 500) spent.shift();
    }
    const fault = await judge(answer, typeof subject['sub'] === 'string' ? subject['sub'] : user);
    if (fault !== undefined) wrong.push(`${question} at ${origin}: ${fault}`);
    return answer;
  };
  const questionOf = (place: number): Question => {
    if (place % 8 === 3 && spent.length > 0) return 'used';
    return place % 8 === 7 ? 'forbidden' : 'good';
  };
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      turn += 1;
      const [question, at] = [questionOf(turn), turn];
      const first = await ask(question, serverOf(origins(), at));
      if (question === 'good' && first.token === undefined && !over.signal.aborted) {
        const others = origins().filter((each) => each !== first.origin);
        const again = await ask('good', serverOf(others.length === 0 ? origins() : others, at));
        if (again.token === undefined) failed.push(first, again);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const running = Array.from({ length: clients }, client);
  const stop = async (): Promise<void> => {
    over.abort();
    await Promise.all(running);
  };
  t.after(stop);
  return { answers, wrong, failed, stop };
}

function serverOf(origins: readonly string[], place: number): string {
  const origin = origins[place % origins.length];
  if (origin === undefined) throw new Error('there is no server left to ask');
  return origin;
}

/** Says what is wrong with an answer, if anything is. */
function createJudge(jtis: Set<unknown>): (answer: Loaded, user: string) => Promise<string | undefined> {
  const sets = new Map<string, ReturnType<typeof createLocalJWKSet>>();
  return async ({ question, status, body, token, origin, retryAfter }, user) => {
    if (status === -1) return 'no answer for 10 s';
    if (status >= 500 && status !== 503) return `${status} ${JSON.stringify(body)}`;
    if (status === 503 && retryAfter === undefined) return '503 without Retry-After';
    if (token === undefined) return status === 200 ? '200 without a token' : undefined;
    if (question !== 'good') return 'a token';
    try {
      const { payload } = await jwtVerify(token, await keySet(sets, token, origin), {
        issuer: ISSUER,
        audience: 'dev:fleet:api',
        subject: user,
      });
      const act: unknown = payload['act'];
      if (payload['client_id'] !== 'dev:fleet:web') return `for ${String(payload['client_id'])}`;
      if (JSON.stringify(act) !== '{"sub":"dev:fleet:web"}') return `act ${JSON.stringify(act)}`;
      if (jtis.has(payload.jti)) return 'a jti twice';
      jtis.add(payload.jti);
      return undefined;
    } catch (error) {
      return String(error);
    }
  };
}

async function keySet(
  sets: Map<string, ReturnType<typeof createLocalJWKSet>>,
  token: string,
  origin: string,
): Promise<ReturnType<typeof createLocalJWKSet>> {
  const kid = decodeProtectedHeader(token).kid ?? '';
  const known = sets.get(kid);
  if (known !== undefined) return known;
  const set = await keySetAt(origin);
  sets.set(kid, set);
  return set;
}

/** The key set that a server publishes now. */
export async function keySetAt(origin: string): Promise<ReturnType<typeof createLocalJWKSet>> {
  const set: JSONWebKeySet = JSON.parse(await (await fetch(`${origin}/jwks`)).text());
  return createLocalJWKSet(set);
}

/** How often each answer was given. */
export function countAnswers(answers: readonly Loaded[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, reason } of answers) {
    const name = reason === undefined ? String(status) : `${status} ${reason}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
