import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import type { TestContext } from 'node:test';
import { parseJwt } from '../../src/oauth/jwt.ts';
import { createOracle } from '../oracle/oracle.ts';
import type { Oracle, SeenIdentity, Verdict } from '../oracle/oracle.ts';
import { postTo } from './sidecar-alone.ts';
import type { SidecarAlone, Told } from './sidecar-alone.ts';

/* What applications ask a sidecar all day long, and what must come of it. */

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const APPS = ['one', 'two', 'three'] as const;
const USERS = 6;
/** Short, so that windows end all the time. */
const USER_SECONDS = 20;
/** An exchanged token ends with the user's, and so does what the sidecar keeps; a second for clocks that are read apart. */
const OLDEST_EXCHANGED_SECONDS = USER_SECONDS + 1;
/** A key that is new while unknown ones come in: sidecar-sdk.md 8.3, L9, with its jitter and some time of the machine. */
const NEW_KEY_SECONDS = 40;

/** One kind of question, so often among twenty. */
type Kind = 'kept machine token' | 'new machine token' | 'exchange' | 'judging' | 'strange token';

/** What became of a question. */
export interface Outcome {
  readonly kind: Kind;
  readonly verdict: Verdict;
  readonly milliseconds: number;
}

/** Applications that ask. */
export interface Mix {
  /** The nth question; the oracle judges what comes of it. Throws when a token is called good that is not. */
  ask(n: number): Promise<Outcome>;
  /** Gives the users new tokens; call it every few seconds. */
  renew(): void;
  /** Makes new keys for all providers. */
  rotate(): void;
  /** What was wrong since the last time, a sentence for each; the oracle forgets what it has told. */
  complaints(): readonly string[];
}

const KINDS: readonly Kind[] = [
  ...Array.from({ length: 8 }, () => 'kept machine token' as const),
  'new machine token',
  ...Array.from({ length: 6 }, () => 'exchange' as const),
  ...Array.from({ length: 3 }, () => 'judging' as const),
  ...Array.from({ length: 2 }, () => 'strange token' as const),
];

/** Whom an answer may speak of; what it need not say is empty. */
type May = Parameters<Oracle['expect']>[1];

interface Question {
  readonly path: string;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly may: May;
}

interface Person {
  readonly sub: string;
  readonly token: string;
}

/** Remembers whose target an audience of Entra ID was first seen for: each has its own. */
function targetsByAudience(): (aud: string, target: string) => string {
  const targets = new Map<string, string>();
  return (aud, target) => {
    const known = targets.get(aud);
    if (known === undefined) targets.set(aud, target);
    return known ?? target;
  };
}

const nowSeconds = (): number => Date.now() / 1000;

/** Starts them; their connections end with the test. */
export function createMix(t: Pick<TestContext, 'after'>, sidecar: SidecarAlone, connections: number): Mix {
  const { issuer } = sidecar;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  t.after(() => agent.destroy());
  const state = { oracle: createOracle(), people: madePeople(sidecar), rotatedAt: 0 };
  const isOf = targetsByAudience();
  return {
    async ask(n) {
      const kind = KINDS[n % KINDS.length] ?? assert.fail();
      const { path, body, headers, may } = question(kind, n, state.people);
      const [{ oracle }, id] = [state, `r-${n}`];
      oracle.expect(id, may);
      const from = performance.now();
      const answer = await postTo(sidecar.origin, path, body, headers, agent).catch(() => undefined);
      const milliseconds = performance.now() - from;
      const isKeyNew = nowSeconds() - state.rotatedAt < NEW_KEY_SECONDS;
      return { kind, milliseconds, verdict: judge({ oracle, id, kind, may, answer, isKeyNew, isOf }) };
    },
    renew: () => void (state.people = madePeople(sidecar)),
    rotate() {
      issuer.rotateKeys();
      state.rotatedAt = nowSeconds();
      state.people = madePeople(sidecar);
    },
    complaints() {
      const { oracle } = state;
      state.oracle = createOracle();
      return oracle.complaints();
    },
  };
}

function madePeople({ issuer }: SidecarAlone): readonly Person[] {
  return Array.from({ length: USERS }, (_, n) => {
    const sub = `user-${n}`;
    return { sub, token: issuer.mint('tokenx', { claims: { sub }, expiresInSeconds: USER_SECONDS }) };
  });
}

function question(kind: Kind, n: number, people: readonly Person[]): Question {
  // Not the digit that the kind goes by.
  const turn = Math.floor(n / KINDS.length);
  const app = APPS[turn % APPS.length] ?? 'one';
  const { sub, token } = people[turn % USERS] ?? assert.fail();
  const issuedAfter = nowSeconds() - OLDEST_EXCHANGED_SECONDS;
  if (kind === 'new machine token') return machine(n, `t-${n}`);
  if (kind === 'kept machine token') return machine(n, app);
  if (kind === 'exchange') {
    const target = `test:team:${app}`;
    const body = { identity_provider: 'tokenx', target, user_token: token };
    return { path: '/api/v1/token/exchange', body, may: { sub, aud: target, client: 'test:team:app', issuedAfter } };
  }
  const asked = { identity_provider: 'tokenx', token: kind === 'judging' ? token : strange(token, n) };
  const may = { sub, aud: 'test:team:app', client: 'test:team:caller', issuedAfter };
  return { path: '/api/v1/introspect', body: asked, may };
}

/** By Maskinporten, whose tokens live two minutes, or by Entra ID, at either kind of endpoint. */
function machine(n: number, name: string): Question {
  if (n % 3 === 0) {
    const target = `test:${name}`;
    const body = { identity_provider: 'maskinporten', target };
    return {
      path: '/api/v1/token',
      body,
      may: { sub: target, aud: '-', client: '-', issuedAfter: nowSeconds() - 121 },
    };
  }
  const target = `api://test.team.${name}/.default`;
  const may = { sub: target, aud: '-', client: '-', issuedAfter: 0 };
  if (n % 3 === 1) return { path: '/api/v1/token', body: { identity_provider: 'entra_id', target }, may };
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: target }).toString();
  return { path: '/oauth2/entra_id/token', body: form, headers: FORM, may };
}

/** A key id nobody knows, or a signature that is not right. */
function strange(token: string, n: number): string {
  const [, claims = ''] = token.split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `k-${n}` })).toString('base64url');
  return n % 2 === 0 ? `${header}.${claims}.${'A'.repeat(342)}` : `${token.slice(0, -342)}${'A'.repeat(342)}`;
}

interface Judged {
  readonly oracle: Oracle;
  readonly id: string;
  readonly kind: Kind;
  readonly may: May;
  readonly answer: Told | undefined;
  readonly isKeyNew: boolean;
  readonly isOf: ReturnType<typeof targetsByAudience>;
}

function judge({ oracle, id, kind, may, answer, isKeyNew, isOf }: Judged): Verdict {
  const notNow = (): Verdict => oracle.judge(id, Response.error());
  if (answer === undefined) return notNow();
  const { status, body, headers } = answer;
  // What the sidecar says of a provider that is not there or fails itself (sidecar-sdk.md 3.4).
  if (status === 500 && body.startsWith('{"error":"server_error"')) return notNow();
  if (status !== 200) return oracle.judge(id, new Response(body, { status, headers }));
  const told: Claims = JSON.parse(body);
  const isJudged = kind === 'judging' || kind === 'strange token';
  if (isJudged && told['active'] !== true) {
    if (kind === 'strange token') return 'right';
    if (isKeyNew) return notNow();
    return oracle.judge(id, new Response(body));
  }
  assert.notEqual(kind, 'strange token', 'a token that nobody signed was called good');
  const claims = isJudged ? told : parseJwt(String(told['access_token'])).claims;
  oracle.observed(id, kind.endsWith('machine token') ? ofMachine(claims, may, isOf) : ofUser(claims));
  return oracle.judge(id, new Response(''));
}

type Claims = Readonly<Record<string, unknown>>;

const ofUser = ({ sub, aud, client_id, iat }: Claims): SeenIdentity => ({
  sub: String(sub),
  aud: String(aud),
  client: String(client_id),
  issuedAt: Number(iat),
});

/** In the place of a user stands what the token is for: a scope at Maskinporten, a target at Entra ID. */
function ofMachine({ scope, aud, iat }: Claims, may: May, isOf: Judged['isOf']): SeenIdentity {
  const sub = typeof scope === 'string' ? scope : isOf(String(aud), may.sub);
  return { sub, aud: '-', client: '-', issuedAt: Number(iat) };
}
