import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misspeltSettings } from './misspelt.ts';

test('a setting that no program of `up` reads is told with the nearest one, and never its value', () => {
  const env = {
    FULLMAKT_UP_PORT_OFSET: 'hush',
    FULLMAKT_IDP_PERSONA: 'hush',
    FULLMAKT_EXCHANGE_TOKEN_TLL: 'hush',
    FULLMAKT_REGISTRAR_LABLE: 'hush',
  };
  const meant = misspeltSettings(env).map((line) => /did you mean (\w+)\?$/.exec(line)?.[1]);
  assert.deepEqual(meant, [
    'FULLMAKT_UP_PORT_OFFSET',
    'FULLMAKT_IDP_PERSONAS',
    'FULLMAKT_EXCHANGE_TOKEN_TTL',
    'FULLMAKT_REGISTRAR_LABEL',
  ]);
  assert.doesNotMatch(misspeltSettings(env).join(), /hush/);
});

test('settings that only a program of its own reads, and those of others, are not told', () => {
  const env = { FULLMAKT_EXCHANGE_WORKERS: '2', FULLMAKT_SIDECAR_X: 'x', FULLMAKT_LOGIN_X: 'x', FULLMAKT_ISSUER: 'x' };
  assert.deepEqual(misspeltSettings(env), []);
});
