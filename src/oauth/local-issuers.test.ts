import assert from 'node:assert/strict';
import test from 'node:test';
import { issuerUrlProblem, parseLocalIssuers } from './local-issuers.ts';

test('http and local hosts pass only where local issuers are allowed; https elsewhere always (sidecar-sdk.md 2.5)', () => {
  const off = parseLocalIssuers('false');
  const on = parseLocalIssuers('true');
  const listed = parseLocalIssuers('idp.test, Other.Test');
  const rows: readonly [url: string, off: boolean, on: boolean, listed: boolean][] = [
    ['https://idporten.no', true, true, true],
    ['http://idporten.no', false, false, false],
    ['http://localhost:7410', false, true, true],
    ['http://127.1.2.3/x', false, true, true],
    ['http://2130706433/x', false, true, true],
    ['http://[::1]:1', false, true, true],
    ['https://localhost:7421', false, true, true],
    ['http://fullmakt-local:7410', false, true, true],
    ['http://a.fullmakt-local.b', false, true, true],
    ['http://not-fullmakt-local.example', false, false, false],
    ['http://127.0.0.1.example', false, false, false],
    ['http://other.test', false, false, true],
    ['http://idp.localhost:7410', false, true, true],
    ['https://localhost.', false, true, true],
    ['https://0.0.0.0', false, true, true],
    ['https://127.evil.example', true, true, true],
    ['https://user:secret@idporten.no', false, false, false],
    ['ftp://localhost', false, false, false],
    ['localhost:7410', false, false, false],
    ['', false, false, false],
  ];
  for (const [url, ...expected] of rows) {
    const passes = [off, on, listed].map((local) => issuerUrlProblem(url, local) === undefined);
    assert.deepEqual(passes, expected, url);
  }
});

test('no is no in every spelling, and never the name of a host', () => {
  for (const text of [
    undefined,
    '',
    ' ',
    ',',
    'false',
    'False',
    'FALSE',
    '0',
    'no',
    'off',
    ' false ',
    'idp.test,false',
  ]) {
    assert.deepEqual(parseLocalIssuers(text), { allowed: false, hosts: [] }, String(text));
  }
  for (const text of ['true', 'TRUE', '1'])
    assert.deepEqual(parseLocalIssuers(text), { allowed: true, hosts: [] }, text);
});
