import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readLoginConfig } from '../src/login/config.ts';

/** What an instance with a client at a provider has besides. */
const CLIENT = {
  FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client',
  FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'secret',
  FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: 'https://idp.example.test/.well-known/openid-configuration',
};
const KEYS = { FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 1).toString('base64') };

/** The blocks of settings on a page. */
function blocks(page: string): readonly Record<string, string>[] {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```sh\n([^`]*)^```/gm)].map(([, lines = '']) =>
    Object.fromEntries(
      lines
        .trim()
        .split('\n')
        .map((line) => line.split('=', 2))
        .map(([name = '', value = '']) => [name, value]),
    ),
  );
}

test('the settings in docs/single-sign-on.md and docs/forward-auth.md start the roles they speak of', () => {
  const [server, proxy] = blocks('single-sign-on.md');
  const [asked] = blocks('forward-auth.md');
  const starts = [
    ['sso-server', { ...KEYS, ...CLIENT, ...server }],
    ['sso-proxy', { ...KEYS, ...proxy }],
    ['forward-auth', { ...KEYS, ...CLIENT, ...asked }],
  ] as const;
  for (const [role, env] of starts) {
    const read = readLoginConfig(env);
    assert.ok(read.ok, read.ok ? '' : read.problems.join('\n'));
    assert.equal(read.config.role, role);
    assert.equal(read.config.forwardAuth.enabled, role === 'forward-auth');
  }
});
