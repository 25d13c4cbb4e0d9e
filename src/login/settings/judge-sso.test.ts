import assert from 'node:assert/strict';
import test from 'node:test';
import { readLoginConfig } from '../config.ts';
import { LEAST } from '../testing/wonderwall-aliases.ts';

function problemsWith(env: Readonly<Record<string, string>>): string {
  const read = readLoginConfig({
    ...LEAST,
    FULLMAKT_LOGIN_SSO_DOMAIN: 'example.test',
    FULLMAKT_LOGIN_SSO_SESSION_COOKIE_NAME: 'shared',
    FULLMAKT_LOGIN_STORE: 'redis://valkey.example.test:6379',
    ...env,
  });
  return read.ok ? '' : read.problems.join('\n');
}

function server(ingress: string, url: string): string {
  return problemsWith({
    FULLMAKT_LOGIN_ROLE: 'sso-server',
    FULLMAKT_LOGIN_INGRESS: ingress,
    FULLMAKT_LOGIN_SSO_SERVER_DEFAULT_REDIRECT_URL: url,
  });
}

function proxy(url: string): string {
  return problemsWith({
    FULLMAKT_LOGIN_ROLE: 'sso-proxy',
    FULLMAKT_LOGIN_INGRESS: 'https://a.example.test',
    FULLMAKT_LOGIN_SSO_SERVER_URL: url,
  });
}

test('a server whose default URL is its own is refused: nobody would ever come out of the login (section 1)', () => {
  for (const url of ['https://login.example.test', 'https://login.example.test/x', 'https://LOGIN.example.test/?y'])
    assert.match(server('https://login.example.test', url), /SSO_SERVER_DEFAULT_REDIRECT_URL leads back/, url);
  assert.match(server('https://example.test/sso', 'https://example.test/sso/x'), /leads back/);
  assert.equal(server('https://example.test/sso', 'https://example.test/ssox'), '');
  assert.equal(server('https://login.example.test', 'https://www.example.test/'), '');
});

test('a proxy whose server is the proxy itself is refused: every login would come back to it (section 12)', () => {
  assert.match(proxy('https://a.example.test/'), /SSO_SERVER_URL leads back/);
  assert.equal(proxy('https://a.example.test/sso'), '');
  assert.equal(proxy('https://login.example.test'), '');
});
