import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpError } from '../up/state-folder.ts';
import { parseExchangeArguments } from './exchange-arguments.ts';
import { exchangeServerSettings } from './exchange-settings.ts';
import type { ExchangeSettings } from './exchange-settings.ts';

function read(env: Readonly<Record<string, string>>): ExchangeSettings {
  const given = { FULLMAKT_EXCHANGE_ISSUER: 'http://localhost:7440', ...env };
  return exchangeServerSettings(parseExchangeArguments([]), given, '/');
}

test('durations that would have the server spin, make keys without end or answer nothing are refused at the start', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['FULLMAKT_EXCHANGE_REGISTRY_POLL_INTERVAL', ['0', '3', '1000h'], ['100ms', '2']],
    ['FULLMAKT_EXCHANGE_REGISTRY_STALE_LIMIT', ['0', '2h'], ['1', '10']],
    ['FULLMAKT_EXCHANGE_KEYS_ACTIVE_FOR', ['0', '500ms'], ['1', '720h']],
    ['FULLMAKT_EXCHANGE_KEYS_MAX_AGE', ['0', '500ms', '25h'], ['1', '24h']],
  ];
  for (const [name, bad, good] of cases) {
    for (const value of bad) {
      const isSaid = (error: unknown): boolean => error instanceof UpError && error.message.includes(name);
      assert.throws(() => read({ [name]: value }), isSaid, `${name}=${value}`);
    }
    for (const value of good) read({ [name]: value });
  }
});
