import assert from 'node:assert/strict';
import test from 'node:test';
import { measureClockSkew } from './clock-skew.ts';
import type { Fetch } from './fetch.ts';

const NOW = 1_800_000_000;

interface World {
  readonly clock: { now: number };
  readonly measured: number[];
  readonly warned: number[];
  readonly ask: (headers: Record<string, string>, tookSeconds?: number) => Promise<Response>;
}

function world(): World {
  const clock = { now: NOW };
  const measured: number[] = [];
  const warned: number[] = [];
  const answer = { headers: {}, tookSeconds: 0 };
  const inner: Fetch = async () => {
    clock.now += answer.tookSeconds;
    return new Response('body', { headers: answer.headers });
  };
  const fetch = measureClockSkew(inner, {
    now: () => clock.now,
    onMeasured: (seconds) => measured.push(seconds),
    onSkew: (seconds) => warned.push(seconds),
  });
  const ask: World['ask'] = (headers, tookSeconds = 0) => {
    Object.assign(answer, { headers, tookSeconds });
    return fetch('https://op.example/jwks');
  };
  return { clock, measured, warned, ask };
}

function date(seconds: number): Record<string, string> {
  return { date: new Date(seconds * 1000).toUTCString() };
}

test('L8 skew: the distance to the Date of an answer is measured, ahead and behind, and told above ten seconds (2.2)', async () => {
  const { measured, warned, ask, clock } = world();
  await ask(date(NOW));
  await ask(date(NOW + 10));
  await ask(date(NOW - 11));
  assert.deepEqual(measured, [0, -10, 10]);
  assert.deepEqual(warned, []);
  await ask(date(NOW + 11));
  clock.now += 60;
  await ask(date(clock.now - 120));
  assert.deepEqual(warned, [-11, 119]);
});

test('L8 skew: an age without end measures nothing (RFC 9111 5.1)', async () => {
  const { measured, warned, ask } = world();
  for (const age of ['Infinity', '1e999', '-1', 'soon']) await ask({ ...date(NOW), age });
  assert.deepEqual([measured, warned], [[], []]);
});

test('L8 skew: a slow answer and whole seconds are no skew', async () => {
  const { measured, ask, clock } = world();
  await ask(date(NOW + 3), 9);
  clock.now = NOW + 0.9;
  await ask(date(NOW));
  assert.deepEqual(measured, [0, 0]);
});

test('L8 skew: it is told once a minute, also when our clock is set back by an hour in between', async () => {
  const { warned, ask, clock } = world();
  await ask(date(NOW + 100));
  clock.now += 59;
  await ask(date(clock.now + 100));
  assert.equal(warned.length, 1);
  clock.now -= 3600;
  await ask(date(NOW));
  assert.equal(warned.length, 1);
  clock.now += 1;
  await ask(date(clock.now + 3600));
  assert.equal(warned.length, 2);
});

test('an answer that lay in a cache is as old as it says; without a date, or with nonsense, nothing is measured', async () => {
  const { measured, ask } = world();
  await ask({ ...date(NOW - 500), age: '500' });
  assert.deepEqual(measured, [0]);
  for (const headers of [
    {},
    { date: 'yesterday' },
    { date: '' },
    { ...date(NOW), age: '-5' },
    { ...date(NOW), age: 'x' },
  ]) {
    await ask(headers);
  }
  assert.equal(measured.length, 1);
});

test('the answer is handed on untouched, also when a listener fails, and so is a failure', async () => {
  const fetch = measureClockSkew(async () => new Response('body', { headers: date(NOW) }), {
    now: () => NOW,
    onMeasured: () => {
      throw new Error('a bug');
    },
  });
  assert.equal(await (await fetch('https://op.example')).text(), 'body');
  const broken = measureClockSkew(() => Promise.reject(new TypeError('reset')), { now: () => NOW });
  await assert.rejects(broken('https://op.example'), TypeError);
});
