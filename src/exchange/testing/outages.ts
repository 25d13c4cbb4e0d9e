import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { publicJwk } from '../../oauth/jwk.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { denialHash } from '../../registry/denial.ts';
import type { Denial } from '../../registry/denial.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import type { Situation } from '../errors.ts';
import { createWorld, defaultData, FORM, START, testApp, testClient, testGrant } from './world.ts';
import type { Answer, World, TestKeys, WorldOptions } from './world.ts';

/** The session of every good subject token. */
const SESSION_OVER: Denial = {
  kind: 'sid',
  hash: denialHash('sid', 's-5'),
  notBefore: START,
  expiresAt: START + 3600,
};

/** Situations that need a server in trouble, and what the server must answer then. */
export const OUTAGES: Partial<Record<Situation, (keys: TestKeys) => Promise<void>>> = {
  'target-issuer': (keys) =>
    inWorld(keys, { data: withSubjectIssuers(keys, 'picky', ['azure']) }, async (own) => {
      const answer = await own.exchange({ audience: 'dev:fleet:picky' });
      assertRefusal(answer, { situation: 'target-issuer', status: 400, error: 'invalid_target' });
    }),
  'subject-revoked': (keys) =>
    inWorld(keys, { data: { denials: [SESSION_OVER] } }, async (own) => {
      const answer = await own.exchange();
      assertRefusal(answer, { situation: 'subject-revoked', status: 400, error: 'invalid_request' });
    }),
  'rate-limited': (keys) =>
    inWorld(keys, {}, async (own) => {
      for (let attempt = 0; attempt < 60; attempt += 1) {
        assert.equal(
          (await own.exchange({ client_assertion: await own.assertion({ key: keys.stranger }) })).status,
          401,
        );
      }
      assertUnavailable(await own.exchange(), 'rate-limited', 429);
    }),
  'replay-unavailable': async (keys) => {
    const store = createMemoryReplay({ now: () => START, maxEntries: 1 });
    await store.claim('the only place', START + 60);
    await inWorld(keys, { store }, async (own) => assertUnavailable(await own.exchange(), 'replay-unavailable'));
  },
  'registry-stale': (keys) => {
    const registry = {
      ...createMemoryRegistry({ now: () => START, initial: defaultData(keys) }),
      ageSeconds: () => 11,
    };
    return inWorld(keys, { registry }, async (own) => assertUnavailable(await own.exchange(), 'registry-stale'));
  },
  'audit-unavailable': async (keys) => {
    await inWorld(keys, { emit: failOn('exchange', new AuditUnavailable('disk full')) }, async (own) => {
      assertUnavailable(await own.exchange(), 'audit-unavailable');
      assertUnavailable(await own.exchange({ audience: 'dev:fleet:lonely' }), 'audit-unavailable');
    });
  },
  'issuer-unavailable': (keys) =>
    inWorld(keys, { jwks: () => ({ keys: [] }) }, async (own) =>
      assertUnavailable(await own.exchange(), 'issuer-unavailable'),
    ),
  'keys-unavailable': (keys) =>
    inWorld(keys, {}, async (own) => {
      await own.exchange();
      const kid = own.lastDecision()?.kid ?? '';
      const putDenials = [
        { kind: 'kid', hash: denialHash('kid', kid), notBefore: START + 60, expiresAt: START + 60 },
      ] as const;
      await own.registry.commit(own.registry.snapshot().version, { putDenials });
      assertUnavailable(await own.exchange(), 'keys-unavailable');
    }),
  overloaded: async (keys) => {
    const issuer = Promise.withResolvers<object>();
    await inWorld(keys, { jwks: () => issuer.promise }, async (own) => {
      // Signed before any is sent: the first waits for keys only so long.
      const [last = '', ...forms] = await Promise.all(Array.from({ length: 201 }, () => own.form()));
      const ask = (body: string): Promise<Answer> => own.send('POST', '/token', { body, headers: FORM });
      const waiting = forms.map(ask);
      while (own.remembered.length < 200) await setImmediate();
      assertUnavailable(await ask(last), 'overloaded');
      issuer.resolve({ keys: [publicJwk(keys.idp)] });
      for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200, answer.text);
    });
  },
  internal: async (keys) => {
    await inWorld(keys, { emit: failOn('exchange.edge', new TypeError('a bug')) }, async (own) => {
      const answer = await own.exchange();
      assertRefusal(answer, { situation: 'internal', status: 500, error: 'server_error' });
      assert.doesNotMatch(answer.text, /a bug/);
    });
  },
};

function assertUnavailable(answer: Answer, situation: Situation, status = 503): void {
  assertRefusal(answer, { situation, status, error: 'temporarily_unavailable' });
}

function failOn(name: string, error: Error): (event: { readonly event: string }) => void {
  return ({ event }) => {
    if (event === name) throw error;
  };
}

function withSubjectIssuers(keys: TestKeys, name: string, subjectIssuers: readonly string[]): object {
  const app = testApp(name);
  const base = defaultData(keys);
  const picky = { ...app, spec: { ...app.spec, tokenx: { token: {}, subjectIssuers } } };
  return {
    apps: [...base.apps, picky],
    clients: [...base.clients, testClient(name, [publicJwk(keys.client)])],
    grants: [testGrant('web', name)],
  };
}

async function inWorld(
  keys: TestKeys,
  options: Omit<WorldOptions, 'keys'>,
  check: (own: World) => Promise<void>,
): Promise<void> {
  const own = await createWorld({ keys, ...options });
  try {
    await check(own);
  } finally {
    await own.close();
  }
}

/** That an answer is the refusal wanted, and whole. */
export function assertRefusal(
  answer: Answer,
  want: { readonly situation: string; readonly status: number; readonly error: string },
): void {
  assert.equal(answer.body['fm_reason'], want.situation, answer.text);
  assert.equal(answer.status, want.status);
  assert.equal(answer.body['error'], want.error);
  assert.match(String(answer.body['error_description']), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['content-type'], 'application/json');
  if (want.status === 503 || want.status === 429) assert.equal(answer.headers['retry-after'], '1');
}
