import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { createTestKeys, defaultData, IDP, ISSUER, sign } from '../../src/exchange/testing/world.ts';
import type { TestKeys } from '../../src/exchange/testing/world.ts';
import { CLIENT_ASSERTION_TYPE, GRANT, TOKEN_TYPE } from '../../src/oauth/client-assertion.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { startExchangeProcess } from '../servers/exchange-process.ts';
import type { ExchangeProcess } from '../servers/exchange-process.ts';
import { createRandom } from './scale.ts';
import { until } from '../until.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Keys that live for seconds: published 3 s ahead, signing for 3 s. */
const ROTATING = {
  FULLMAKT_EXCHANGE_KEYS_MAX_AGE: '1',
  FULLMAKT_EXCHANGE_KEYS_STAGED_FOR: '3',
  FULLMAKT_EXCHANGE_KEYS_ACTIVE_FOR: '3',
};
const LEASE_SECONDS = 2;
const KEK = '07'.repeat(32);

/** TokenX processes over one registry, and a caller that has them exchange a login. */
export interface Replicas {
  start(rotating?: boolean): Promise<ExchangeProcess>;
  /** A token of this process; undefined when it ended before it answered, or said 503. Throws when the answer is another. */
  token(from: ExchangeProcess): Promise<string | undefined>;
}

/** Puts the apps of the tests into an empty registry. */
export async function createReplicas(where: string, open: () => Promise<Registry>): Promise<Replicas> {
  const keys = await createTestKeys();
  await seed(await open(), keys);
  const issuer = {
    name: 'idporten',
    issuer: IDP,
    jwks: { keys: [publicJwk(keys.idp)] },
    bind: { clientId: '@registry' },
  };
  const settings = { FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify([issuer]) };
  return {
    start: (rotating = false) =>
      until(async () => {
        try {
          return await startExchangeProcess({
            registry: where,
            kek: KEK,
            leaseSeconds: LEASE_SECONDS,
            settings: { ...settings, ...(rotating ? ROTATING : {}) },
          });
        } catch (error) {
          // A busy database may answer later than a program waits.
          if (!/registry at .* cannot be used: .*timeout/.test(String(error))) throw error;
          return undefined;
        }
      }, 'a process that starts'),
    async token(from) {
      const answer = await answered(`${from.origin}/token`, {
        method: 'POST',
        body: await form(keys),
        headers: FORM,
      });
      if (answer === undefined) return undefined;
      const { access_token: token } = JSON.parse(answer);
      if (typeof token !== 'string') throw new Error(`no token: ${answer}`);
      return token;
    },
  };
}

async function seed(registry: Registry, keys: TestKeys): Promise<void> {
  const { apps, clients, grants } = defaultData(keys);
  const targets = new Set(grants.map(({ target }) => target));
  const replaceGrants = [...targets].map((target) => ({
    target,
    grants: grants.filter((grant) => grant.target === target),
  }));
  const done = await registry.commit(registry.snapshot().version, {
    putApps: apps,
    putClients: clients,
    replaceGrants,
  });
  await registry.close();
  if (done !== 'ok') throw new Error('the registry was not empty');
}

async function form(keys: TestKeys): Promise<URLSearchParams> {
  const iat = Math.floor(Date.now() / 1000);
  const id = 'dev:fleet:web';
  const assertion = { iss: id, sub: id, aud: ISSUER, jti: randomUUID(), iat, exp: iat + 60 };
  const subject = { iss: IDP, sub: 'u-81', client_id: 'login-client', iat: iat - 10, exp: iat + 600 };
  return new URLSearchParams({
    grant_type: GRANT.tokenExchange,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await sign(assertion, keys.client),
    subject_token_type: TOKEN_TYPE.jwt,
    subject_token: await sign(subject, keys.idp),
    audience: 'dev:fleet:api',
  });
}

/** The key set that a process serves now; undefined when it ended before it answered. */
async function keySetOf({ origin }: ExchangeProcess): Promise<JSONWebKeySet | undefined> {
  const answer = await answered(`${origin}/jwks`);
  return answer === undefined ? undefined : JSON.parse(answer);
}

/** Undefined also for 503: a busy store may be slower than a request may wait. */
async function answered(url: string, init: RequestInit = {}): Promise<string | undefined> {
  try {
    const answer = await fetch(url, init);
    const text = await answer.text();
    return answer.status === 503 ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Throws unless the token verifies by this set. */
async function verify(token: string, set: JSONWebKeySet): Promise<void> {
  await jwtVerify(token, createLocalJWKSet(set), { issuer: ISSUER, audience: 'dev:fleet:api' });
}

/** Eight processes start at once; throws unless they serve one set of one key, and each signs what it verifies. */
export async function coldStart(replicas: Replicas, round: string): Promise<void> {
  const started = await Promise.allSettled(Array.from({ length: 8 }, () => replicas.start()));
  const live = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    assert.deepEqual(
      started.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : [])),
      [],
      round,
    );
    const sets = await Promise.all(live.map((each) => until(() => keySetOf(each), 'a key set')));
    const [first = assert.fail()] = sets;
    assert.equal(first.keys.length, 1, round);
    for (const set of sets) assert.deepEqual(set, first, round);
    for (const each of live) await verify(await until(() => replicas.token(each), 'a token'), first);
  } finally {
    await Promise.all(live.map((each) => each.kill()));
  }
}

/** What a run with kills saw. */
export interface Run {
  readonly tokens: number;
  readonly kids: ReadonlySet<string>;
  readonly failures: readonly string[];
}

/**
 * Has three processes rotate and exchange while one after the other is killed at a random moment and started again; judges
 * each token, when it comes and at the end, by the key set of every process that serves.
 */
export async function killDuringRotation(
  replicas: Replicas,
  { kills, seed: drawn }: { kills: number; seed: number },
): Promise<Run> {
  const random = createRandom(drawn);
  const live = await Promise.all([0, 1, 2].map(() => replicas.start(true)));
  const stop = new AbortController();
  const newest = new Map<string, string>();
  const failures: string[] = [];
  let tokens = 0;
  const oneOf = (list: readonly ExchangeProcess[]): ExchangeProcess => {
    const chosen = list[random.below(list.length)];
    if (chosen === undefined) throw new Error('no process is left');
    return chosen;
  };
  const judge = async (token: string): Promise<void> => {
    for (const each of live.slice()) {
      const set = await keySetOf(each);
      if (set === undefined) continue;
      await verify(token, set).catch((error: unknown) =>
        failures.push(`${decodeProtectedHeader(token).kid}: ${String(error)}`),
      );
    }
  };
  const load = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const token = await replicas.token(oneOf(live));
      if (token === undefined) continue;
      tokens += 1;
      newest.set(decodeProtectedHeader(token).kid ?? '', token);
      await judge(token);
      await pause(10);
    }
  };
  const loads = [load(), load()];
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(random.below(1800));
      const [victim] = live.splice(random.below(live.length), 1);
      await victim?.kill();
      live.push(await replicas.start(true));
    }
    stop.abort();
    await Promise.all(loads);
    for (const token of newest.values()) await judge(token);
  } finally {
    stop.abort();
    await Promise.allSettled(loads);
    await Promise.all(live.map((each) => each.kill()));
  }
  return { tokens, kids: new Set(newest.keys()), failures };
}
