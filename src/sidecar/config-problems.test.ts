import assert from 'node:assert/strict';
import test from 'node:test';
import { readSettings } from '../settings.ts';
import { sidecarProblems } from './config-problems.ts';
import { sidecarSettings } from './config.ts';
import { makeKeys, testEnv } from './testing/sidecar.ts';

const keys = await makeKeys();
const ORIGIN = 'http://127.0.0.1:9';

function problemsOf(env: Record<string, string | undefined>): string {
  const read = readSettings(sidecarSettings, env);
  return (read.ok ? sidecarProblems(read.settings) : read.problems).join('; ');
}

test('a value in quotes, or with a line break in it, is named: it would fail at the first token only (4)', () => {
  const env = testEnv(ORIGIN, keys);
  const texts = Object.entries(env).filter(([name]) => !/JWK$|ENABLED$|^BIND|^FULLMAKT/.test(name));
  assert.ok(texts.length > 10);
  for (const [name, value = ''] of texts) {
    for (const odd of [`"${value}"`, `'${value}'`, `${value.slice(0, 3)}\n${value.slice(3)}`, `${value}\u0007`]) {
      const problems = problemsOf({ ...env, [name]: odd });
      assert.match(problems, new RegExp(`${name} (?:stands in quotes|holds a line break|is not a URL)`), name);
    }
    for (const fine of [`${value}\n`, `${value}\r\n`, ` ${value} `, `\uFEFF${value}`]) {
      assert.equal(problemsOf({ ...env, [name]: fine }), '', name);
    }
  }
});

test('probes cannot have the address of the API, by whatever name (3.1)', () => {
  const env = testEnv(ORIGIN, keys);
  for (const [api = '', probes = ''] of [
    ['127.0.0.1:7164', '127.0.0.1:7164'],
    ['127.0.0.1:7164', ':7164'],
    ['[::1]:7164', 'localhost:7164'],
    ['localhost:7164', '127.0.0.1:7164'],
  ]) {
    const said = { ...env, BIND_ADDRESS: api, PROBE_BIND_ADDRESS: probes };
    assert.match(problemsOf(said), /PROBE_BIND_ADDRESS is the place of BIND_ADDRESS/, probes);
  }
  for (const probes of ['127.0.0.1:0', '127.0.0.2:7164', '127.0.0.1:7165']) {
    const said = { ...env, BIND_ADDRESS: '127.0.0.1:7164', PROBE_BIND_ADDRESS: probes };
    assert.equal(problemsOf(said), '', probes);
  }
});

test('a daemon whose settings would keep every application from being served does not start (3.8)', () => {
  const daemon = { FULLMAKT_SIDECAR_APPS_DIR: '/apps' };
  const problems = (env: Record<string, string>): string => problemsOf({ ...daemon, ...env });
  assert.equal(problems({}), '');
  assert.match(problems({ FULLMAKT_SIDECAR_LEEWAY_SECONDS: '9999' }), /LEEWAY_SECONDS has to be/);
  assert.match(problems({ FULLMAKT_SIDECAR_INTROSPECTION_CACHE_SECONDS: '9999' }), /CACHE_SECONDS has to be/);
  assert.match(problems({ FULLMAKT_ISSUERS: '{' }), /FULLMAKT_ISSUERS is not/);
  assert.match(problems({ AZURE_ENABLED: 'TRUE' }), /AZURE_ENABLED is of one application/);
  const local = '{"x":{"issuer":"http://127.0.0.1/x","jwks_uri":"http://127.0.0.1/k","audience":["a"]}}';
  assert.match(problems({ FULLMAKT_ISSUERS: local }), /FULLMAKT_ALLOW_LOCAL_PROVIDERS/);
  assert.equal(problems({ FULLMAKT_ISSUERS: local, FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }), '');
});

test('a host that could never fit is a fault, not a rule that lets nobody in (3.6)', () => {
  for (const host of ['*', 'http://sidecar', 'sidecar:7164', '*.example', 'a b']) {
    const said = { ...testEnv(ORIGIN, keys), FULLMAKT_SIDECAR_ALLOWED_HOSTS: `fine,${host}` };
    assert.match(problemsOf(said), /FULLMAKT_SIDECAR_ALLOWED_HOSTS is not usable/, host);
  }
  const said = {
    ...testEnv(ORIGIN, keys),
    FULLMAKT_SIDECAR_ALLOWED_HOSTS: 'sidecar, A_b.example.no,[fd00::1],10.0.0.1',
  };
  assert.equal(problemsOf(said), '');
});
