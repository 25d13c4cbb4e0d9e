import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { LoginParts } from '../context.ts';
import { markSpent } from './spent-token.ts';
import type { StoredSession } from './sessions.ts';
import { createTicket, recordKey } from './ticket.ts';
import { createTimes } from './times.ts';

const START = 1_800_000_000;

function newSession(): StoredSession {
  const ticket = createTicket(START);
  const times = createTimes(START * 1000, 60_000, { maxLifetime: 3_600_000, inactivityTimeout: undefined });
  const record = {
    issuer: 'https://idp.example.test',
    clientId: 'client-1',
    provider: 'openid',
    subject: 'user-1',
    sid: 'sid-1',
    acr: undefined,
    amr: [],
    authTime: START,
    accessToken: 'old',
    idToken: '',
    refreshToken: 'refresh-0',
    times,
    others: {},
  };
  return { key: recordKey(ticket.sessionId), ticket, record, version: 1 };
}

/** What a process sees that has `looks` to wait until somebody else's tokens are written; each look takes a second of the clock. */
async function seenAfter(looks: number): Promise<{ readonly version: number | undefined; readonly looked: number }> {
  const session = newSession();
  let looked = 0;
  const load: LoginParts['sessions']['load'] = () => {
    looked += 1;
    return Promise.resolve({ ...session, version: looked > looks ? 2 : 1 });
  };
  const store = createMemoryStore({ now: () => START });
  const context: Parameters<typeof markSpent>[0] = { store, sessions: { load } };
  assert.equal((await markSpent(context, session))?.version, 1);
  assert.equal(looked, 0, 'the first one spends at once');
  const seen = await markSpent(context, session);
  return { version: seen?.version, looked };
}

test('T31 B9 on a machine that is slow everybody is: a spent token waits for its spender for so many looks, not for so many seconds', async (t) => {
  let passed = 0;
  t.mock.method(performance, 'now', () => (passed += 1000));
  assert.deepEqual(await seenAfter(6), { version: 2, looked: 7 });
});
