import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import { AuditUnavailable } from '../../observe/audit.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import { denialHash } from '../../registry/denial.ts';
import { createMemorySigningKeyStore } from '../../registry/signing-keys.ts';
import type { SigningKeyStore } from '../../registry/signing-keys.ts';
import { cheapKeys, createKeyBench, journalFile } from '../testing/key-bench.ts';
import { administer, bearer, selfSigned } from '../testing/operators.ts';
import { createTestKeys, createWorld, START } from '../testing/world.ts';
import type { SigningKeys } from './signing-keys.ts';

const generate = await cheapKeys();
const kidsOf = (keys: SigningKeys): readonly string[] => keys.published().map(({ kid }) => kid);

test('K6: a revoked key is gone at once in every process, the staged one signs, and the answer says how long caches last', async (t) => {
  const { open, clock, registry, events } = createKeyBench(t, generate);
  const keys = await open();
  clock.now = START + 82_800;
  await keys.rotate();
  const other = await open();
  const kid = keys.signer('RS256').kid;
  const staged = kidsOf(keys).find((each) => each !== kid);
  const answer = await keys.revoke(kid);
  assert.deepEqual(answer, { revoked: true, worstCaseSeconds: 300, active: staged });
  for (const each of [keys, other]) {
    assert.equal(each.signer('RS256').kid, staged);
    assert.ok(!kidsOf(each).includes(kid));
    assert.ok(each.verificationKeys().every((key) => key.kid !== kid));
  }
  assert.ok((registry.snapshot().denial(denialHash('kid', kid))?.notBefore ?? 0) > clock.now);
  const row = (await registry.signingKeys.load('tokenx')).keys.find((key) => key.kid === kid);
  assert.deepEqual([row?.state, row?.sealedPrivate.length], ['revoked', 0]);
  const told = events.find((event) => event.event === 'exchange.key_revoked');
  assert.deepEqual(told, { event: 'exchange.key_revoked', kid, alg: 'RS256', active: staged, unconfirmed: 0 });
  assert.deepEqual(await keys.revoke(kid), answer);
});

test('K6: without a staged key a new one signs at once; a key that does not sign just goes; an unknown one is none', async (t) => {
  const { open, clock, states } = createKeyBench(t, generate);
  const keys = await open();
  const first = keys.signer('RS256').kid;
  const { active } = await keys.revoke(first);
  assert.equal(keys.signer('RS256').kid, active);
  assert.notEqual(active, first);
  clock.now = START + 82_800;
  await keys.rotate();
  const staged = kidsOf(keys).find((kid) => kid !== active) ?? '';
  assert.equal((await keys.revoke(staged)).active, active);
  await keys.rotate();
  assert.deepEqual((await states()).toSorted(), ['active', 'revoked', 'revoked', 'staged']);
  assert.deepEqual(await keys.revoke('nobody'), { revoked: false, worstCaseSeconds: 0, active: '' });
});

test('K6: a process that is alive and does not follow is counted, and the answer says so', async (t) => {
  const { open, registry, events } = createKeyBench(t, generate);
  const keys = await open({ leaseSeconds: 0.3 });
  await registry.replicas.beat({ id: 'stuck', version: 1, keyVersion: 1 }, 10);
  const { worstCaseSeconds } = await keys.revoke(keys.signer('RS256').kid);
  assert.equal(worstCaseSeconds, 300.3);
  assert.ok(events.some((event) => event.event === 'exchange.key_revoked' && event.unconfirmed === 1));
});

test('F05: a process that slept through a revocation signs nothing with the dead key once it knows the rules', async (t) => {
  const { open, registry, clock } = createKeyBench(t, generate);
  const keys = await open();
  const { kid } = keys.signer('RS256');
  const asleep = { ...registry.signingKeys, version: async () => 1 };
  const sleeper = await open({ store: asleep });
  assert.equal(sleeper.signer('RS256').kid, kid);
  const until = clock.now + 60;
  const putDenials = [{ kind: 'kid', hash: denialHash('kid', kid), notBefore: until, expiresAt: until }] as const;
  assert.equal(await registry.commit(registry.snapshot().version, { putDenials }), 'ok');
  assert.throws(() => sleeper.signer('RS256'), /was revoked/);
});

test('K6: an order that cannot be carried out is on record with the key it was about', async (t) => {
  const keys = await createTestKeys();
  const memory = createMemorySigningKeyStore(() => START);
  const outage = { on: false };
  const store: SigningKeyStore = {
    ...memory,
    save: (...set) => (outage.on ? Promise.reject(new RegistryUnavailable('gone')) : memory.save(...set)),
  };
  const world = await createWorld({ keys: { ...keys, store }, config: { operators: [selfSigned(keys.stranger)] } });
  t.after(() => world.close());
  const kid = (await memory.load('tokenx')).keys[0]?.kid ?? '';
  outage.on = true;
  const path = `/admin/keys/${kid}/revoke`;
  assert.ok((await administer(world, path, { token: await bearer(world, keys.stranger) })).status >= 500);
  const told = world.events.find((event) => event.event === 'exchange.administered');
  assert.equal(told?.on, kid);
});

test('L1: a revocation that is not on record answers audit-unavailable, and the key is dead all the same', async (t) => {
  const keys = await createTestKeys();
  const world = await createWorld({
    keys,
    config: { operators: [selfSigned(keys.stranger)] },
    record: ({ event }) => {
      if (event === 'exchange.key_revoked') throw new AuditUnavailable('full');
    },
  });
  t.after(() => world.close());
  const kid = (await keys.store.load('tokenx')).keys[0]?.kid ?? '';
  const answer = await administer(world, `/admin/keys/${kid}/revoke`, { token: await bearer(world, keys.stranger) });
  assert.deepEqual([answer.status, answer.body['fm_reason']], [503, 'audit-unavailable']);
  assert.doesNotMatch((await world.send('GET', '/jwks')).text, new RegExp(kid));
});

test('F05: under load no token is signed with a key once the answer to its revocation is there, and none of them goes on', async (t) => {
  const keys = await createTestKeys();
  const events: string[] = [];
  const loads: Promise<void>[] = [];
  const world = await createWorld({
    keys: { ...keys, store: createMemorySigningKeyStore(() => START) },
    config: { operators: [selfSigned(keys.stranger)] },
    emit: ({ event }) => void events.push(event),
  });
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await Promise.allSettled(loads);
    await world.close();
  });
  const old = String((await world.exchange()).body['access_token']);
  const { kid = '' } = parseJwt(old).header;
  const token = await bearer(world, keys.stranger);
  const seen: string[] = [];
  const load = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const startedAt = events.includes('exchange.key_revoked') ? 'after' : 'before';
      const { status, body } = await world.exchange();
      assert.equal(status, 200);
      seen.push(`${startedAt} ${parseJwt(body['access_token']).header.kid === kid ? 'old' : 'new'}`);
    }
  };
  loads.push(load(), load(), load());
  const answer = await administer(world, `/admin/keys/${kid}/revoke`, { token });
  assert.deepEqual([answer.status, answer.body['kid'], answer.body['accepted_elsewhere_for_seconds']], [200, kid, 300]);
  for (let request = 0; request < 10; request += 1) await world.exchange();
  stop.abort();
  await Promise.all(loads);
  assert.ok(seen.includes('after new'));
  assert.ok(!seen.includes('after old'));
  const client = { iss: 'dev:fleet:api', sub: 'dev:fleet:api' };
  const client_assertion = await world.assertion({ claims: client });
  const next = await world.exchange({ client_assertion, subject_token: old, audience: 'dev:fleet:store' });
  assert.equal(next.status, 400, next.text);
});

test('F05, K9: a key that was revoked stays dead when a backup from before is restored', async (t) => {
  const { open, registry, clock, events } = createKeyBench(t, generate);
  const revocationsFile = journalFile(t);
  const keys = await open({ revocationsFile });
  clock.now = START + 82_800;
  await keys.rotate();
  const backup = await registry.signingKeys.load('tokenx');
  const kid = keys.signer('RS256').kid;
  const { active } = await keys.revoke(kid);
  await keys.close();
  const restored = createMemorySigningKeyStore(() => clock.now);
  await restored.save('tokenx', 0, backup.keys);
  const again = await open({ revocationsFile, store: restored });
  assert.equal(again.signer('RS256').kid, active);
  assert.ok(!kidsOf(again).includes(kid));
  const states = (await restored.load('tokenx')).keys.map((key) => key.state);
  assert.deepEqual(states, ['revoked', 'active']);
  assert.ok(!events.some((event) => event.event === 'exchange.rotation_failed'));
});

test('K9: what one process revoked, the others write into their own files', async (t) => {
  const { open } = createKeyBench(t, generate);
  const revocationsFile = journalFile(t);
  const keys = await open();
  const other = await open({ revocationsFile });
  const kid = keys.signer('RS256').kid;
  await keys.revoke(kid);
  await other.rotate();
  assert.match(
    readFileSync(revocationsFile, 'utf8'),
    new RegExp(`^\\{"kid":"${kid}","at":"2026-.*","reason":".*"\\}\\n$`),
  );
  assert.equal(statSync(revocationsFile).mode & 0o777, 0o600);
});

test('K9: an order that the store could not take is carried out once the store answers', async (t) => {
  const { open, registry } = createKeyBench(t, generate);
  let broken = false;
  const fragile: SigningKeyStore = {
    ...registry.signingKeys,
    load: (use) => (broken ? Promise.reject(new Error('out of reach')) : registry.signingKeys.load(use)),
  };
  const keys = await open({ store: fragile });
  const kid = keys.signer('RS256').kid;
  broken = true;
  await assert.rejects(keys.revoke(kid), /out of reach/);
  broken = false;
  await keys.rotate();
  assert.ok(!kidsOf(keys).includes(kid));
});
