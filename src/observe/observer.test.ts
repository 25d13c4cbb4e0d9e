import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { DomainEvent, EventTable } from './events.ts';
import { silent } from './events.ts';
import { addUpMetrics } from './metrics.ts';
import { createObserver } from './observer.ts';
import { folder, observing, REQUESTS, TABLE } from './testing/observing.ts';

describe('log', () => {
  it('is one line of JSON per event: level, time, program, event, fixed fields, own fields', (t) => {
    const { observer, lines } = observing(t);
    observer.emitter('exchange', TABLE, { app: 'local:fleet:api' })({ event: 'token.issued', outcome: 'ok', ms: 3 });
    assert.deepEqual(lines, [
      '{"level":"info","time":"2026-01-02T03:04:05.678Z","program":"exchange","event":"token.issued","app":"local:fleet:api","outcome":"ok","ms":3}\n',
    ]);
  });

  it('leaves out what is below its level', (t) => {
    const { observer, lines } = observing(t, { level: 'warn' });
    const emit = observer.emitter('exchange', TABLE);
    emit({ event: 'cache.hit' });
    emit({ event: 'token.issued' });
    emit({ event: 'token.refused' });
    assert.equal(lines.length, 1);
  });

  it('never has two members of one name: a field called level or time is kept as level_ or time_', (t) => {
    const { observer, lines } = observing(t);
    observer.emitter('login', TABLE)({ event: 'token.issued', level: 'idporten-loa-high', time: 1, program: 'x' });
    const line = lines[0] ?? '';
    assert.equal(line.match(/"level":/g)?.length, 1);
    assert.match(line, /"level_":"idporten-loa-high","time_":1,"program_":"x"/);
  });

  it('reads like a sentence in text form: time, level, program, event, fields, then the stack', (t) => {
    const { observer, lines } = observing(t, { format: 'text' });
    const emit = observer.emitter('exchange', TABLE);
    emit({ event: 'token.refused', reason: 'no-rule', fix: 'add a rule', n: 2 });
    emit({ event: 'token.issued', error: new TypeError('odd') });
    assert.match(
      lines[0] ?? '',
      /^\d\d:\d\d:05\.678 {2}WARN {3}exchange {3}token\.refused {2}reason=no-rule {2}fix="add a rule" {2}n=2\n$/,
    );
    assert.match(lines[1] ?? '', /error="TypeError: odd"\n {4}at .*observer\.test\.ts.*\n/);
  });

  it('cannot be given a forged line or terminal commands in either form (CRLF, escape, line separators)', (t) => {
    for (const format of ['json', 'text'] as const) {
      const { observer, lines } = observing(t, { format });
      const hostile = 'x\r\n{"level":"info","event":"forged"}\u001b[2J\u2028\u0085\u202e';
      observer.emitter('exchange', TABLE)({ event: 'token.issued', reason: hostile, [hostile]: hostile });
      const line = lines.join('');
      assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
    }
  });

  it('goes to a file when that is asked for, a line at a time', (t) => {
    const file = join(folder(t), 'log.jsonl');
    const { observer } = observing(t, { destination: file });
    observer.emitter('exchange', TABLE)({ event: 'token.issued' });
    assert.match(readFileSync(file, 'utf8'), /"event":"token\.issued"\}\n$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('that cannot be written stops nobody', { skip: !existsSync('/dev/full') && 'there is no /dev/full here' }, (t) => {
    const { observer } = observing(t, { destination: '/dev/full' });
    assert.doesNotThrow(() => observer.emitter('exchange', TABLE)({ event: 'token.issued' }));
  });
});

describe('secrets', () => {
  it('are in no log line, audit record or metric, whatever way an event carries them', async (t) => {
    const auditFile = join(folder(t), 'audit.jsonl');
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5';
    for (const format of ['json', 'text'] as const) {
      const { observer, lines } = observing(t, { auditFile, format });
      const emit = observer.emitter('exchange', TABLE, { authorization: 'canary' });
      emit({ event: 'token.issued', client: jwt, outcome: `pid=canary`, token: 'canary' });
      emit({
        event: 'token.refused',
        client: 'x',
        error: new Error(`bad ${jwt}`),
        request: { headers: { cookie: 'canary' } },
      });
      const said = lines.join('') + readFileSync(auditFile, 'utf8') + (await observer.metrics());
      assert.doesNotMatch(said, /canary|eyJ|Y2FuYXJ5/);
      assert.match(said, /\[redacted\]/);
    }
  });
});

describe('metrics', () => {
  it('count and measure events by their labels, in the Prometheus text format', async (t) => {
    const { observer } = observing(t);
    const emit = observer.emitter('exchange', TABLE);
    emit({ event: 'token.issued', outcome: 'ok', client: 'a', seconds: 0.02 });
    emit({ event: 'token.issued', outcome: 'ok', client: 'a', seconds: 0.3 });
    emit({ event: 'token.refused', outcome: 'denied' });
    emit({ event: 'cache.hit', entries: 7 });
    const text = await observer.metrics();
    assert.match(text, /^# TYPE fullmakt_exchange_requests_total counter$/m);
    assert.match(text, /^fullmakt_exchange_requests_total\{outcome="ok",client="a"\} 2$/m);
    assert.match(text, /^fullmakt_exchange_requests_total\{outcome="denied",client=""\} 1$/m);
    assert.match(text, /^fullmakt_exchange_duration_seconds_bucket\{le="0\.025",outcome="ok"\} 1$/m);
    assert.match(text, /^fullmakt_exchange_duration_seconds_count\{outcome="ok"\} 2$/m);
    assert.match(text, /^fullmakt_cache_entries 7$/m);
  });

  it('are shared by programs of one process that name the same metric', async (t) => {
    const { observer } = observing(t);
    observer.emitter('exchange', TABLE)({ event: 'token.issued', outcome: 'ok', client: 'a' });
    observer.emitter('other', TABLE)({ event: 'token.issued', outcome: 'ok', client: 'a' });
    assert.match(await observer.metrics(), /client="a"\} 2$/m);
    const odd = { 'cache.hit': { level: 'info', counter: { ...REQUESTS, labels: ['outcome'] } } } as const;
    assert.throws(() => observer.emitter<DomainEvent & { event: 'cache.hit' }>('odd', odd), /disagree/);
  });

  it('have at most 1000 series each, then count the rest under other, whatever a stranger sends', async (t) => {
    const { observer } = observing(t, { level: 'silent' });
    const emit = observer.emitter('exchange', TABLE);
    for (let i = 0; i < 3000; i += 1)
      emit({ event: 'token.refused', outcome: 'denied', client: `${i} ${'x'.repeat(300)}` });
    const series = (await observer.metrics())
      .split('\n')
      .filter((line) => line.startsWith('fullmakt_exchange_requests_total{'));
    assert.equal(series.length, 1001);
    assert.ok(series.includes('fullmakt_exchange_requests_total{outcome="other",client="other"} 2000'));
    assert.ok(series.every((line) => line.length < 250));
  });
});

it('labels can have another source than the field of their name, and values of a limited number', async (t) => {
  const { observer } = observing(t, { level: 'silent' });
  const asked: EventTable<{ event: 'asked'; op: string; place: string; seconds: number }> = {
    asked: {
      level: 'debug',
      counter: {
        name: 'places_total',
        help: 'Places.',
        labels: ['where', 'service'],
        from: { where: { field: 'place', most: 2 }, service: { always: 'one' } },
      },
      also: [
        {
          histogram: {
            name: 'latency',
            help: 'Latency.',
            labels: ['operation'],
            from: { operation: { field: 'op', of: { read: 'Read' }, others: 'left out' } },
            field: 'seconds',
          },
        },
        { counter: { name: 'ops_total', help: 'Operations.', labels: ['op'], from: { op: { of: { read: 'R' } } } } },
      ],
    },
  };
  const emit = observer.emitter('p', asked);
  for (const place of ['a', 'b', 'c', 'd', 'a']) emit({ event: 'asked', op: 'read', place, seconds: 1 });
  emit({ event: 'asked', op: 'toString', place: 'b', seconds: 1 });
  const text = await observer.metrics();
  assert.match(text, /^places_total\{where="a",service="one"\} 2$/m);
  assert.match(text, /^places_total\{where="b",service="one"\} 2$/m);
  assert.match(text, /^places_total\{where="other",service="one"\} 2$/m);
  assert.match(text, /^latency_count\{operation="Read"\} 5$/m);
  assert.equal(text.match(/^latency_count/gm)?.length, 1);
  assert.match(text, /^ops_total\{op="R"\} 5$/m);
  assert.match(text, /^ops_total\{op="toString"\} 1$/m);
});

it('what is told within a piece of work, at once or later, says whose work it was, unless it says so itself', async (t) => {
  const { observer, lines } = observing(t, { level: 'info' });
  const emit = observer.emitter('exchange', TABLE);
  await observer.within({ cid: 'c-1', trace: 't-1' }, async () => {
    emit({ event: 'token.issued', outcome: 'ok', client: 'a' });
    await Promise.resolve();
    emit({ event: 'token.issued', outcome: 'ok', client: 'a', cid: 'own' });
  });
  emit({ event: 'token.issued', outcome: 'ok', client: 'a' });
  const told = lines.map((line) => JSON.parse(line)).map(({ cid, trace }) => ({ cid, trace }));
  assert.deepEqual(told, [
    { cid: 'c-1', trace: 't-1' },
    { cid: 'own', trace: 't-1' },
    { cid: undefined, trace: undefined },
  ]);
});

describe('silent', () => {
  it('takes any event and does nothing', () => {
    assert.equal(silent({ event: 'anything' }), undefined);
  });
});

it('figures of several processes are added up: counts and durations are sums, of gauges the highest stays', async (t) => {
  const table: EventTable<{ event: 'done'; seconds: number; age: number }> = {
    done: {
      level: 'debug',
      counter: { name: 'done_total', help: 'Done.', labels: [] },
      histogram: { name: 'done_seconds', help: 'Time.', field: 'seconds', labels: [] },
      gauge: { name: 'age_seconds', help: 'Age.', field: 'age', labels: [] },
    },
  };
  const snapshots = [];
  for (const age of [3, 7]) {
    const observer = createObserver({ now: () => 0, destination: 'silent' });
    t.after(() => observer.close());
    observer.emitter('p', table)({ event: 'done', seconds: 1, age });
    snapshots.push(JSON.parse(JSON.stringify(await observer.metricSnapshot())));
  }
  const text = await addUpMetrics(snapshots);
  assert.match(text, /^done_total 2$/m);
  assert.match(text, /^done_seconds_count 2$/m);
  assert.match(text, /^done_seconds_bucket\{le="1"\} 2$/m);
  assert.match(text, /^age_seconds 7$/m);
});
