import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isAlgorithm } from '../oauth/algorithms.ts';
import { publicJwk } from '../oauth/jwk.ts';
import { AuditUnavailable } from '../observe/audit.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { readSettings } from '../settings.ts';
import { createMemoryReplay } from '../store/replay-memory.ts';
import { CLIENT_ALGORITHMS } from './client/client-keys.ts';
import { exchangeSettings } from './config.ts';
import { decoyKey } from './client/decoy-key.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  defaultData,
  FORM,
  IDP,
  ISSUER,
  START,
  testApp,
  testGrant,
} from './testing/world.ts';
import type { World } from './testing/world.ts';
import { createTurnedAway } from './record/turned-away.ts';
import { parseTrustedIssuers } from './subject/trusted-issuer.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys });
after(() => world.close());

async function own(
  t: { after(step: () => Promise<void>): void },
  options: Omit<Parameters<typeof createWorld>[0], 'keys'>,
): Promise<World> {
  const made = await createWorld({ keys, ...options });
  t.after(() => made.close());
  return made;
}

test('a claimed client id longer than any app id is refused unread, so that it fills no map and no log (L8)', async () => {
  const name = `dev:fleet:${'x'.repeat(246)}`;
  const claims = { iss: name, sub: name };
  const answer = await world.exchange({ client_assertion: await world.assertion({ claims }) });
  assert.equal(answer.body['fm_reason'], 'client-assertion-malformed');
  assert.equal(world.lastDecision()?.claimed_client, undefined);
});

test('requests that are refused before anyone is named count as failures of their address, and do not fill the audit log (L1, L8)', async (t) => {
  const made = await own(t, {});
  const send = (): Promise<{ status: number }> => made.send('POST', '/token', { body: 'grant_type=x', headers: FORM });
  const statuses: number[] = [];
  for (let round = 0; round < 13; round += 1) {
    statuses.push(...(await Promise.all(Array.from({ length: 50 }, send))).map(({ status }) => status));
  }
  assert.equal(statuses.filter((status) => status === 400).length, 600);
  assert.equal(statuses.filter((status) => status === 429).length, 50);
  assert.equal(made.events.filter(({ event }) => event === 'exchange').length, 600);
});

test('a rule that goes while the keys of an issuer are fetched gives no token any more (P2)', async (t) => {
  const target = testApp('api').id;
  let fetches = 0;
  const made = await own(t, {
    jwks: async () => {
      fetches += 1;
      if (fetches === 1) return { keys: [publicJwk(keys.stranger)] };
      await made.registry.commit(made.registry.snapshot().version, { replaceGrants: [{ target, grants: [] }] });
      return { keys: [publicJwk(keys.idp)] };
    },
  });
  assert.equal((await made.exchange({ subject_token: 'x' })).body['fm_reason'], 'subject-malformed');
  made.clock.now += 60;
  const answer = await made.exchange();
  assert.equal(fetches, 2);
  assert.equal(answer.body['fm_reason'], 'no-rule');
  assert.equal(made.lastDecision()?.decision, 'deny');
});

test('an actor that another issuer wrote is never one of ours, whatever issuer it names (A2)', async () => {
  const act = { sub: 'dev:fleet:store', iss: ISSUER, act: { sub: 'x', iss: 'https://third.example.test' } };
  const answer = await world.exchange({ subject_token: await world.subject({ claims: { act } }) });
  assert.deepEqual(claimsOf(answer)['act'], {
    sub: 'dev:fleet:web',
    act: { sub: 'dev:fleet:store', iss: IDP, act: { sub: 'x', iss: 'https://third.example.test' } },
  });
});

test('a limit on scopes is not lifted by writing it as a list, or as something else (P6)', async (t) => {
  const made = await own(t, {
    idp: { scopeLimit: true },
    data: { grants: [testGrant('web', 'api', ['les', 'skriv'])] },
  });
  const scopeOf = async (scope: unknown): Promise<unknown> =>
    claimsOf(await made.exchange({ subject_token: await made.subject({ claims: { scope } }) }))['scope'];
  assert.equal(await scopeOf('les'), 'les');
  assert.equal(await scopeOf(['les', 'other']), 'les');
  assert.equal(await scopeOf(7), '');
  assert.equal(await scopeOf(undefined), 'les skriv');
});

test('an unknown client costs a verification, whichever algorithm it names (C9)', () => {
  for (const algorithm of CLIENT_ALGORITHMS) {
    assert.ok(isAlgorithm(algorithm) && decoyKey(algorithm).algorithms.includes(algorithm), algorithm);
  }
});

test('nothing is decided on rows that could not be confirmed for the stale limit (G3)', async (t) => {
  let age = 9;
  const registry = { ...createMemoryRegistry({ now: () => START, initial: defaultData(keys) }), ageSeconds: () => age };
  const made = await own(t, { registry });
  assert.equal((await made.exchange()).status, 200);
  age = 11;
  const answer = await made.exchange();
  assert.deepEqual(
    [answer.status, answer.body['fm_reason'], answer.headers['retry-after']],
    [503, 'registry-stale', '1'],
  );
  assert.equal((await made.send('GET', '/internal/isready')).status, 503);
  age = 0;
  assert.equal((await made.send('GET', '/internal/isready')).status, 200);
});

test('a replay store that can be read but not written is not ready (L7)', async (t) => {
  const store = createMemoryReplay({ now: () => START, maxEntries: 1 });
  await store.claim('the only place', START + 60);
  const made = await own(t, { store });
  assert.equal((await made.send('GET', '/internal/isready')).status, 503);
});

test('sums that could not be told are kept and told later, and never stop the end of the server (L1)', async () => {
  const told: string[] = [];
  let fails = true;
  const turnedAway = createTurnedAway((event) => {
    if (fails) throw new AuditUnavailable('disk full');
    told.push(event.event);
  });
  turnedAway.add('10.0.0.1', 'content-type');
  await turnedAway.close();
  fails = false;
  await turnedAway.close();
  assert.deepEqual(told, ['exchange.turned_away_sum']);
});

const accepts = (issuer: string): boolean => readSettings(exchangeSettings, { FULLMAKT_EXCHANGE_ISSUER: issuer }).ok;

test('an issuer is https, or http on this machine, without query', () => {
  assert.deepEqual(
    [
      'https://tx.example.no',
      'http://localhost:7440',
      'http://127.0.0.1:1/x',
      'http://tx.example.no',
      'https://a.no/?q',
    ].map(accepts),
    [true, true, true, false, false],
  );
});

test('a trusted issuer that nothing would ever name is refused at the start (6.1)', () => {
  const wellKnown = 'https://idp.example.no/.well-known/openid-configuration';
  const row = { name: 'x', wellKnown, jwksUri: 'https://idp.example.no/jwks', bind: 'any' };
  assert.throws(() => parseTrustedIssuers([row]), /issuer/);
  assert.equal(parseTrustedIssuers([{ ...row, issuer: 'https://idp.example.no' }]).length, 1);
  assert.throws(
    () =>
      parseTrustedIssuers([
        { ...row, issuer: 'x' },
        { ...row, issuer: 'x' },
      ]),
    /two issuers/,
  );
});

test('bodies that never come hold nobody else up: a request counts once its form is there (4.2, security.md 23)', async (t) => {
  const made = await own(t, {});
  const waiting = await Promise.all(Array.from({ length: 210 }, () => made.hold()));
  assert.equal((await made.exchange()).status, 200);
  for (const leave of waiting) leave();
});
