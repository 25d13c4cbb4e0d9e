import assert from 'node:assert/strict';
import test from 'node:test';
import { silent } from '../observe/events.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import { readSettings } from '../settings.ts';
import { createSidecar } from './app.ts';
import { SidecarMisconfigured } from './application.ts';
import { sidecarSettings } from './config.ts';
import { makeKeys, testEnv } from './testing/sidecar.ts';

const keys = await makeKeys();
const ORIGIN = 'http://127.0.0.1:9';
const ENV: Readonly<Record<string, string>> = {
  ...testEnv(ORIGIN, keys),
  ANSATTPORTEN_ENABLED: 'true',
  ANSATTPORTEN_AUDIENCE: 'https://api.example',
  ANSATTPORTEN_ISSUER: `${ORIGIN}/ansattporten`,
  ANSATTPORTEN_JWKS_URI: `${ORIGIN}/jwks`,
};

async function problemsOf(env: Readonly<Record<string, string>>): Promise<string> {
  const read = readSettings(sidecarSettings, env);
  if (!read.ok) return read.problems.join('; ');
  try {
    const program = await createSidecar(read.settings, { fetch, now: () => 0, emit: silent });
    await program.close();
    return '';
  } catch (error) {
    assert.ok(error instanceof SidecarMisconfigured);
    return error.message;
  }
}

const providers = Object.values(PROVIDER_VARIABLES);
const BAD_URLS = ['geheim', 'http://op.example/plain', 'ftp://geheim.example', 'https://user:geheim@op.example/x'];
const BAD_KEYS = ['geheim', '{}', '{"kty":"oct","k":"Z2VoZWlt"}', '{"kty":"EC","kid":"a","d":"geheim"}', '["geheim"]'];

/** What each kind of variable must never be. */
const GARBLED: readonly (readonly [names: readonly string[], values: readonly string[]])[] = [
  [providers.map(({ enabled }) => enabled), ['geheim', 'TRUE', '1', 'yes']],
  [providers.flatMap(({ issuer, jwksUri, tokenEndpoint }) => [issuer, jwksUri, tokenEndpoint ?? []].flat()), BAD_URLS],
  [providers.flatMap(({ privateJwk }) => privateJwk ?? []), BAD_KEYS],
  [['FULLMAKT_ISSUERS'], ['geheim', '[]', '{"Upper":{}}', '{"mine":1}', '{"a":{},"a":{}}']],
  [
    ['BIND_ADDRESS', 'PROBE_BIND_ADDRESS'],
    ['geheim', '127.0.0.1', '127.0.0.1:99999'],
  ],
  [
    ['FULLMAKT_SIDECAR_SOCKET', 'FULLMAKT_SIDECAR_SECRET_DIRS', 'FULLMAKT_SIDECAR_APPS_DIR'],
    ['geheim', './geheim'],
  ],
  [
    ['ALLOW_REMOTE', 'JSON_ONLY', 'VALIDATE_USER_TOKEN', 'REFRESH_AHEAD'].map((name) => `FULLMAKT_SIDECAR_${name}`),
    ['geheim', 'yes'],
  ],
  [
    ['INTROSPECTION_CACHE_SECONDS', 'CACHE_MAX_BYTES', 'LEEWAY_SECONDS'].map((name) => `FULLMAKT_SIDECAR_${name}`),
    ['geheim', '-1', '1e400', 'NaN'],
  ],
  [['FULLMAKT_SIDECAR_REQUIRED_HEADER'], ['a header', 'a:b']],
  [['FULLMAKT_SIDECAR_TARGETS'], [',']],
];

test('the whole contract starts, by parts and by discovery (4, 8.2)', async () => {
  assert.equal(await problemsOf(ENV), '');
  const discovered: Record<string, string> = { ...ENV };
  for (const { wellKnownUrl, issuer, jwksUri, tokenEndpoint } of providers) {
    discovered[wellKnownUrl] = `${discovered[issuer]}/.well-known/openid-configuration`;
    for (const name of [issuer, jwksUri, tokenEndpoint ?? '']) delete discovered[name];
  }
  assert.equal(await problemsOf(discovered), '');
  for (const { wellKnownUrl } of providers) {
    for (const value of BAD_URLS) {
      const problems = await problemsOf({ ...discovered, [wellKnownUrl]: value });
      assert.ok(problems.includes(wellKnownUrl) && !problems.includes('geheim'), `${value}: ${problems}`);
    }
  }
});

for (const [names, values] of GARBLED) {
  for (const name of names) {
    test(`${name} is named when it is garbled, and its value is not repeated (4, 8.2)`, async () => {
      for (const value of values) {
        const problems = await problemsOf({ ...ENV, [name]: value });
        assert.match(problems, new RegExp(`\\b${name}\\b`), value);
        assert.ok(!problems.includes('geheim'), problems);
      }
    });
  }
}

test('each variable of a provider is named by itself when it is missing (4, 8.2)', async () => {
  for (const { audience, clientId, privateJwk, issuer, jwksUri, tokenEndpoint } of providers) {
    for (const name of new Set([audience, clientId, privateJwk, issuer, jwksUri, tokenEndpoint])) {
      if (name === undefined) continue;
      const { [name]: _, ...rest } = ENV;
      const problems = await problemsOf(rest);
      assert.match(problems, new RegExp(`\\b${name}\\b`));
      assert.match(await problemsOf({ ...rest, [name]: '' }), new RegExp(`\\b${name}\\b`), 'empty counts as missing');
      assert.ok(!problems.includes(';'), `one cause, one finding: ${problems}`);
    }
  }
});
