import assert from 'node:assert/strict';
import test from 'node:test';
import { readLoginConfig } from '../config.ts';
import type { Variables } from '../testing/wonderwall-aliases.ts';
import { LEAST } from '../testing/wonderwall-aliases.ts';

function problemsWith(more: Variables): string {
  const read = readLoginConfig({ ...LEAST, ...more });
  return read.ok ? '' : read.problems.join('\n');
}

test('OP-5: what is wrong with a URL is said without the user and password in it', () => {
  const urls = ['https://me:hush@app.example.test', 'https://me:hu/hush@app.example.test', 'redis://:hush@x:99999'];
  const settings = ['INGRESS', 'CORS_ORIGINS', 'OPENID_ISSUER', 'OPENID_WELL_KNOWN_URL', 'UPSTREAM', 'STORE'];
  for (const setting of [...settings, 'OPENID_POST_LOGOUT_REDIRECT_URI', 'SSO_SERVER_URL'])
    for (const url of urls) {
      const said = problemsWith({ [`FULLMAKT_LOGIN_${setting}`]: url });
      assert.doesNotMatch(said, /hush/, `${setting} ${url}`);
      if (setting !== 'STORE') assert.match(said, new RegExp(setting), `${setting} ${url}`);
    }
});

test('OP-3: amounts that no proxy can work with are refused by name', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    SESSION_MAX_LIFETIME: ['0', '0s', '999999999999h'],
    SESSION_INACTIVITY_TIMEOUT: ['0'],
    RATELIMIT_LOGINS: ['0'],
    SHUTDOWN_GRACEFUL_PERIOD: ['700h'],
  };
  for (const [setting, values] of Object.entries(cases))
    for (const value of values)
      assert.match(problemsWith({ [`FULLMAKT_LOGIN_${setting}`]: value }), new RegExp(`${setting} has to be`), value);
  const inForce = { SESSION_MAX_LIFETIME: '400ms', SESSION_INACTIVITY_TIMEOUT: '1s', RATELIMIT_LOGINS: '1' };
  const env = Object.entries(inForce).map(([name, value]) => [`FULLMAKT_LOGIN_${name}`, value] as const);
  assert.equal(problemsWith(Object.fromEntries(env)), '');
});

test('OP-8: an address of a collector that is no URL is a problem of settings, unless tracing is off', () => {
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
    for (const value of ['::bad', 'collector:4318', 'ftp://hush']) {
      const said = problemsWith({ [name]: value });
      assert.ok(said.startsWith(`${name} is not usable`) && !said.includes('hush'), `${name} ${value}: ${said}`);
      assert.equal(problemsWith({ [name]: value, OTEL_SDK_DISABLED: 'true' }), '');
    }
  assert.equal(problemsWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }), '');
});

test('people end after logout at a path or at a URL, and at nothing else', () => {
  const name = 'FULLMAKT_LOGIN_OPENID_POST_LOGOUT_REDIRECT_URI';
  for (const value of ['out', '//elsewhere.example.test', '/\\elsewhere', 'javascript:alert(1)', 'https:/x y'])
    assert.match(problemsWith({ [name]: value }), /POST_LOGOUT_REDIRECT_URI is not usable/, value);
  for (const value of ['/', '/out?x=1', 'https://elsewhere.example.test/out', 'http://localhost:3000/'])
    assert.equal(problemsWith({ [name]: value }), '', value);
});

test('a variable that Kubernetes sets for a Service of our name is refused with what to do about it', () => {
  for (const name of ['SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_HTTP', 'PORT', 'PORT_80_TCP_ADDR'])
    assert.match(
      problemsWith({ [`FULLMAKT_LOGIN_${name}`]: 'x' }),
      new RegExp(`_${name} is not a .*enableServiceLinks`),
    );
  assert.doesNotMatch(problemsWith({ FULLMAKT_LOGIN_PORTS: 'x' }), /enableServiceLinks/);
});

test('an application is an origin: a path or query of its address would be lost, and is refused', () => {
  for (const value of ['http://app:8080/base', 'http://app/?x=1', 'http://app//', 'http://app?']) {
    assert.match(problemsWith({ FULLMAKT_LOGIN_UPSTREAM: value }), /_UPSTREAM is not usable.*path/, value);
    const upstreams = JSON.stringify({ '/api': { upstream: value } });
    assert.match(problemsWith({ FULLMAKT_LOGIN_UPSTREAMS: upstreams }), /_UPSTREAMS is not usable.*path/, value);
  }
  for (const value of ['http://app:8080', 'https://app.example.test/', 'http://[::1]:80'])
    assert.equal(problemsWith({ FULLMAKT_LOGIN_UPSTREAM: value }), '', value);
});

test('RO-2: a service host is a host and perhaps a port; anything else would never match', () => {
  for (const value of ['http://app', 'app/x', 'a b', 'app:', 'app:x', 'me@app', '[::1', '*'])
    assert.match(problemsWith({ FULLMAKT_LOGIN_SERVICE_HOSTS: `app,${value}` }), /SERVICE_HOSTS is not usable/, value);
  assert.equal(problemsWith({ FULLMAKT_LOGIN_SERVICE_HOSTS: 'app, App.Team_a.svc:8080,[::1]:80,10.0.0.1' }), '');
});

/** What is wrong with these addresses of the listeners. */
function at(bind: string, metrics: string, probes = 'none'): string {
  return problemsWith({
    FULLMAKT_LOGIN_BIND_ADDRESS: bind,
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: metrics,
    FULLMAKT_LOGIN_PROBE_BIND_ADDRESS: probes,
  });
}

test('two listeners at one address are refused by name, unless the system chooses the port', () => {
  assert.match(at(':3000', '127.0.0.1:3001', '127.0.0.1:3001'), /PROBE_BIND_ADDRESS.*METRICS_BIND_ADDRESS/);
  assert.match(at(':3000', '0.0.0.0:3000'), /METRICS_BIND_ADDRESS.*_BIND_ADDRESS/);
  assert.equal(at(':0', ':0', ':0'), '');
  assert.equal(at('127.0.0.1:3000', '127.0.0.2:3000'), '');
});

test('OP-3: an address of a store that cannot be used is told what is wrong with it, and shown nowhere', () => {
  const cases = {
    'redis://me:hush@h1:99999': /a server is host/,
    'redis+sentinel://me:hush@h1,h2': /the name of the primary is missing/,
    'redis://me:hush@h1,h2': /sentinels or a cluster/,
    'redis://:hush@h1/one': /the database is a number/,
    'postgres://me:hush@h1': /memory:, sqlite:<file>, redis:/,
  };
  for (const [store, says] of Object.entries(cases)) {
    const said = problemsWith({ FULLMAKT_LOGIN_STORE: store });
    assert.match(said, says, store);
    assert.doesNotMatch(said, /hush/, store);
  }
});
