import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashText } from './on-crash.ts';

const SECRETS = [
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTEifQ.c2lnbmF0dXJl',
  '0.AXkAh3f9_refresh-9sdf8g7sdf8g7',
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  '14828530152',
];

test('T59 what is printed of a fault has its name and its frames, and nothing of what it was about', () => {
  for (const secret of SECRETS) {
    const error = new TypeError(`cannot read ${secret}\n    at ${secret} (x.ts:1:2)`, {
      cause: Object.assign(new Error(`from "${secret}"`), { token: secret }),
    });
    const text = crashText(Object.assign(error, { code: secret, form: { assertion: secret } }));
    assert.match(text, /^TypeError: cannot read /);
    assert.match(text, /\n {4}at .*on-crash\.test\.ts:\d+:\d+/);
    assert.match(text, /\ncaused by Error: from /);
    for (const part of secret.split('.').filter((each) => each.length > 8)) assert.ok(!text.includes(part), text);
  }
});

test('T59 a fault that is no error, has no stack, or goes in circles is told all the same', () => {
  assert.equal(crashText(SECRETS[0]), 'a value that is no error: string');
  assert.equal(crashText(undefined), 'a value that is no error: undefined');
  const bare = new Error('plain words, ERR_STREAM_WRITE_AFTER_END and processTicksAndRejections');
  delete bare.stack;
  assert.equal(crashText(bare), `Error: ${bare.message}`);
  const circle = new Error('round');
  circle.cause = circle;
  assert.equal(crashText(circle).split('caused by').length, 4);
});
