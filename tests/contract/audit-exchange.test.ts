import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test, type TestContext } from 'node:test';
import { exchangeEvents } from '../../src/exchange/record/event-table.ts';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import type { Answer, TestKeys, World, WorldOptions } from '../../src/exchange/testing/world.ts';
import { type AuditSink, AuditUnavailable } from '../../src/observe/audit.ts';
import { createAuditFile } from '../../src/observe/audit-file.ts';
import { openPostgresAudit } from '../../src/observe/audit-postgres.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../servers/postgres.ts';
import { verifyChain } from './audit-chain.ts';
import { filePlace, linesOf, postgresPlace } from './audit-places.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

let keys: TestKeys;
let server: TestPostgres;

before(async () => {
  keys = await createTestKeys();
  if (noPostgres === false) server = await startPostgres();
});
after(() => server?.close());

interface Audited {
  readonly world: World;
  /** What was logged, at debug level. */
  readonly log: string[];
  readonly metrics: () => Promise<string>;
}

async function audited(t: TestContext, auditSink: AuditSink, options: Partial<WorldOptions> = {}): Promise<Audited> {
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const observer = createObserver({ level: 'debug', destination, auditSink, now: () => Date.now() / 1000 });
  const world = await createWorld({
    keys,
    emit: observer.emitter('exchange', exchangeEvents),
    record: observer.recorder('exchange', exchangeEvents),
    auditReady: () => observer.auditReady(),
    ...options,
  });
  t.after(async () => {
    await world.close();
    await observer.close();
  });
  return { world, log, metrics: () => observer.metrics() };
}

function unrecorded(answer: Answer): void {
  assert.deepEqual([answer.status, answer.body['fm_reason']], [503, 'audit-unavailable'], answer.text);
  assert.equal(answer.headers['retry-after'], '1');
  assert.doesNotMatch(answer.text, /access_token/);
}

const DENIED = { audience: 'dev:fleet:lonely' };

test('L1: no answer leaves before its record is kept, whether it is yes or no', async (t) => {
  const waiting: (() => void)[] = [];
  const lines: string[] = [];
  const write = (more: readonly string[]): Promise<void> => {
    lines.push(...more);
    return new Promise((resolve) => waiting.push(resolve));
  };
  const { world } = await audited(t, { write, ready: () => true, close: () => {} });
  for (const [parameters, status] of [[{}, 200] as const, [DENIED, 400] as const]) {
    let answered = false;
    const answer = world.exchange(parameters).finally(() => (answered = true));
    await until(() => waiting.length === 1);
    // An answer that did not wait would be here long before another request is through.
    assert.equal((await world.send('GET', '/internal/isalive')).status, 200);
    assert.equal(answered, false);
    waiting.pop()?.();
    assert.equal((await answer).status, status);
  }
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).decision),
    ['allow', 'deny'],
  );
});

test('F04: while the audit sink is blocked nothing is issued; once it is not, everything is again', async (t) => {
  let blocked: (() => void)[] | undefined = [];
  const write = (): Promise<void> | void => blocked && new Promise((resolve) => blocked?.push(resolve));
  const { world } = await audited(t, { write, ready: () => blocked === undefined, close: () => {} });
  const answers = await Promise.all([world.exchange(), world.exchange(DENIED), world.exchange()]);
  answers.forEach(unrecorded);
  assert.equal((await world.send('GET', '/internal/isready')).status, 503);
  const held = blocked;
  blocked = undefined;
  for (const release of held) release();
  assert.equal((await world.exchange()).status, 200);
  assert.equal((await world.exchange(DENIED)).status, 400);
  assert.equal((await world.send('GET', '/internal/isready')).status, 200);
});

for (const durability of ['write', 'fsync'] as const) {
  test(`F04: on a full disk no token leaves (${durability})`, { skip: !existsSync('/dev/full') }, async (t) => {
    const { world, log } = await audited(t, createAuditFile('/dev/full', { durability }));
    unrecorded(await world.exchange());
    unrecorded(await world.exchange(DENIED));
    assert.match(log.join(''), /"level":"error".*"event":"audit\.unavailable","of":"exchange"/);
  });
}

test('F04: while PostgreSQL is frozen or down no token leaves, and 2 s after it is back they do', {
  skip: noPostgres,
}, async (t) => {
  const place = postgresPlace(await server.database());
  const { world } = await audited(t, await openPostgresAudit({ url: place.url }));
  const answered: Answer[] = [];
  for (const [stop, go] of [
    [() => server.freeze(), () => server.thaw()],
    [() => server.crash(), () => server.start()],
  ] as const) {
    answered.push(await world.exchange());
    await stop();
    const startedAt = performance.now();
    (await Promise.all([world.exchange(), world.exchange(DENIED), world.exchange()])).forEach(unrecorded);
    assertInTime(performance.now() - startedAt, 1500);
    await go();
    const backAt = performance.now();
    await until(async () => {
      const answer = await world.exchange();
      if (answer.status === 200) answered.push(answer);
      else unrecorded(answer);
      return answer.status === 200;
    });
    assertInTime(performance.now() - backAt, 2000);
  }
  assert.ok(answered.every(({ status }) => status === 200));
  const lines = await place.lines();
  assert.equal(verifyChain(lines).broken, undefined);
  const kept = new Set(lines.map((line) => JSON.parse(line).cid));
  for (const { headers } of answered) assert.ok(kept.has(headers['x-correlation-id']));
});

test('L1, L3: under parallel load every decision is on record once, in one chain', { skip: noPostgres }, async (t) => {
  const place = postgresPlace(await server.database());
  const { world, metrics } = await audited(t, await openPostgresAudit({ url: place.url }));
  const cids = Array.from({ length: 60 }, (_, n) => `c-${n}`);
  await Promise.all(cids.map((cid, n) => world.exchange(n % 3 === 0 ? DENIED : {}, { 'X-Correlation-ID': cid })));
  const lines = await place.lines();
  assert.equal(lines.length, 60);
  assert.deepEqual(new Set(lines.map((line) => JSON.parse(line).cid)), new Set(cids));
  assert.deepEqual(verifyChain(lines), { records: 60, runs: 1 });
  assert.match(await metrics(), /^fullmakt_exchange_audit_seconds_count 60$/m);
});

test('L1: only what is refused in steps 1 and 2 is summed, by source and reason', async (t) => {
  const place = filePlace(t, {});
  const { world } = await audited(t, createAuditFile(place.path));
  for (let n = 0; n < 3; n += 1)
    await world.send('POST', '/token', { body: '{}', headers: { 'Content-Type': 'text/plain' } });
  await world.exchange({ grant_type: 'password' });
  await world.exchange({ client_assertion: 'garbage' });
  await world.close();
  assert.deepEqual(
    linesOf(place.path).map((line) => {
      const { event, reason, src, count } = JSON.parse(line);
      return [event, reason, src, count];
    }),
    [
      ['exchange', 'grant-type', '127.0.0.1', undefined],
      ['exchange', 'client-assertion-malformed', '127.0.0.1', undefined],
      ['exchange.turned_away_sum', 'content-type', '127.0.0.1', 3],
    ],
  );
});

test('L2: the record has every field, and the duration in milliseconds', async (t) => {
  const place = filePlace(t, {});
  const { world, metrics } = await audited(t, createAuditFile(place.path));
  await world.exchange({}, { 'X-Correlation-ID': 'c-77', traceparent: TRACEPARENT });
  const { t: time, ms, subject, sid, jtiOut, kid, version, proc, ...rest } = JSON.parse(linesOf(place.path)[0] ?? '');
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(ms > 0 && ms < 60_000 && version === 1);
  for (const name of [subject, sid]) assert.match(name, /^h[\da-f]{6}:[\w-]{22}$/);
  assert.notEqual(subject, sid);
  assert.match(jtiOut, /^[\da-f-]{36}$/);
  assert.ok(typeof kid === 'string' && typeof proc === 'string');
  assert.deepEqual(rest, {
    program: 'exchange',
    event: 'exchange',
    decision: 'allow',
    outcome: 'issued',
    reason: 'issued',
    grant: 'token-exchange',
    rules: ['dev:fleet:api#0'],
    claimed_client: 'dev:fleet:web',
    caller: 'dev:fleet:web',
    method: 'private_key_jwt',
    key: 'client-1',
    target: 'dev:fleet:api',
    issuer: 'https://idp.example.test',
    jtiIn: 'a1',
    act: ['dev:fleet:web'],
    cid: 'c-77',
    trace: TRACE,
    src: '127.0.0.1',
    seq: 0,
    prev: null,
  });
  assert.match(await metrics(), /^fullmakt_exchange_duration_seconds_sum\{.*\} 0\.\d+$/m);
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

test('L4: a correlation id of good form is used again and echoed, another is replaced; the trace stands in record and log', async (t) => {
  const place = filePlace(t, {});
  const { world, log } = await audited(t, createAuditFile(place.path));
  const good = `A.z_9:-${'x'.repeat(121)}`;
  const echoed = await world.exchange(DENIED, { 'X-Correlation-ID': good, traceparent: TRACEPARENT });
  assert.equal(echoed.headers['x-correlation-id'], good);
  for (const bad of [`${good}x`, 'a b', 'a/b', '']) {
    const answer = await world.exchange(DENIED, { 'X-Correlation-ID': bad, traceparent: `${TRACEPARENT}x` });
    assert.match(String(answer.headers['x-correlation-id']), /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  }
  const [first, ...others] = linesOf(place.path).map((line) => JSON.parse(line));
  assert.deepEqual([first.cid, first.trace], [good, TRACE]);
  assert.ok(others.every((record) => record.trace === undefined && record.cid.length === 36));
  const logged = log.map((line) => JSON.parse(line)).find(({ event }) => event === 'exchange');
  assert.deepEqual([logged.cid, logged.trace], [good, TRACE]);
});

test("L4: a client's error is logged as no error; an outage is a warning, a bug of ours an error", async (t) => {
  const fail = { now: undefined as Error | undefined };
  const place = filePlace(t, {});
  const log: string[] = [];
  const observer = createObserver({
    destination: { write: (line: string) => void log.push(line) },
    auditFile: place.path,
    now: () => 0,
  });
  const record = observer.recorder('exchange', exchangeEvents);
  const world = await createWorld({
    keys,
    jwks: () => ({ keys: [] }),
    record,
    emit: (event) => {
      if (event.event === 'exchange.replay' && fail.now !== undefined) throw fail.now;
    },
  });
  t.after(async () => {
    await world.close();
    await observer.close();
  });
  await world.exchange(DENIED);
  await world.exchange({ client_assertion: 'garbage' });
  await world.exchange();
  fail.now = new TypeError('a bug');
  await world.exchange();
  assert.deepEqual(
    log.map((line) => JSON.parse(line)).map(({ level, reason }) => [level, reason]),
    [
      ['info', 'no-rule'],
      ['info', 'client-assertion-malformed'],
      ['warn', 'issuer-unavailable'],
      ['error', 'internal'],
    ],
  );
});

test('X15, L3: canaries in every place a request has are in no log line, record, metric or error', async (t) => {
  const place = filePlace(t, {});
  const { world, log, metrics } = await audited(t, createAuditFile(place.path));
  const PID = '13097248022';
  const CANARY = 'canary7f3a';
  const marked = {
    sub: `${CANARY}-sub`,
    sid: `${CANARY}-sid`,
    pid: PID,
    name: `${CANARY} person`,
    client_id: 'login-client',
  };
  const subject = await world.subject({ claims: marked });
  const proof = `eyJ0eXAiOiJkcG9wK2p3dCJ9.${Buffer.from(JSON.stringify({ jti: CANARY })).toString('base64url')}.c2ln`;
  const headers = { 'X-Correlation-ID': PID, Cookie: `session=${CANARY}`, traceparent: `00-${PID}-x-01` };
  const answers: Answer[] = [];
  const assertions: string[] = [];
  const requests: readonly Readonly<Record<string, string>>[] = [
    {},
    DENIED,
    { scope: CANARY },
    { client_secret: CANARY },
    { subject_token: `${subject}x` },
    { actor_token: subject },
    { subject_token: await world.subject({ claims: { ...marked, exp: 1 } }) },
    { client_assertion: withKid(await world.assertion(), CANARY) },
    { subject_token: withKid(subject, CANARY) },
    { client_assertion: await world.assertion({ key: keys.stranger, claims: { jti: CANARY } }) },
    { client_assertion: `${await world.assertion()}x` },
  ];
  for (const parameters of requests) {
    const client_assertion = parameters['client_assertion'] ?? (await world.assertion());
    assertions.push(client_assertion);
    const sent = { subject_token: subject, ...parameters, client_assertion };
    answers.push(await world.exchange(sent, headers));
  }
  assert.equal(linesOf(place.path).length, answers.length);
  answers.push(await world.exchange({ subject_token: subject }, { ...headers, DPoP: proof }));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 400, 400, 400, 400, 400, 400, 401, 400, 401, 401, 400],
  );
  const issued = String(answers[0]?.body['access_token']);
  const said = [...log, ...linesOf(place.path), await metrics(), ...answers.slice(1).map(({ text }) => text)].join(
    '\n',
  );
  for (const secret of [PID, CANARY, proof, issued, subject, ...assertions]) {
    const at = said.indexOf(secret);
    assert.equal(at, -1, said.slice(Math.max(0, at - 200), at + 60));
  }
  for (const token of [issued, subject, ...assertions]) {
    for (const part of token.split('.').filter(({ length }) => length > 30))
      assert.equal(said.includes(part), false, part);
  }
});

/** The same token under another key id, which its signature does not cover. */
function withKid(token: string, kid: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })).toString('base64url');
  return [header, ...token.split('.').slice(1)].join('.');
}

test('L1: an audit event of a program that cannot wait is kept by a sink that takes its time, or the log tells', async () => {
  const log: string[] = [];
  const lines: string[] = [];
  let fails = false;
  const write = async (more: readonly string[]): Promise<void> => {
    if (fails) throw new AuditUnavailable('away');
    lines.push(...more);
  };
  const destination = { write: (line: string) => void log.push(line) };
  const observer = createObserver({
    destination,
    now: () => 0,
    auditSink: { write, ready: () => true, close: () => {} },
  });
  const emit = observer.emitter('exchange', exchangeEvents);
  const sum = { event: 'exchange.turned_away_sum', reason: 'overloaded', src: '::1', count: 1 } as const;
  emit(sum);
  await until(() => log.length === 1);
  fails = true;
  emit(sum);
  await until(() => log.length === 2);
  await observer.close();
  assert.equal(lines.length, 1);
  assert.match(log[1] ?? '', /"event":"audit\.unavailable","of":"exchange\.turned_away_sum"/);
});
