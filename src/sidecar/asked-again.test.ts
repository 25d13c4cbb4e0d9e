import assert from 'node:assert/strict';
import test from 'node:test';
import { json } from '../web/http.ts';
import { rawClient } from '../web/testing/raw-client.ts';
import { manualTimers, temporaryFolder, writeVariables } from './testing/folders.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const SWITCHES: ReadonlySet<string> = new Set(['AZURE_ENABLED', 'TOKEN_X_ENABLED']);

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** Another configuration from now on. */
  readonly change: (variables: Readonly<Record<string, string>>) => Promise<void>;
}

async function world(t: test.TestContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const provider = await startProvider(t, keys);
  const folder = temporaryFolder(t);
  await writeVariables(folder, { AZURE_ENABLED: 'true', TOKEN_X_ENABLED: 'true' });
  // Folders say what can change.
  const all = { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_SECRET_DIRS: folder, ...env };
  const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !SWITCHES.has(name)));
  const sidecar = await startSidecar(t, rest, manualTimers());
  return {
    provider,
    sidecar,
    async change(variables) {
      await writeVariables(folder, variables);
      await sidecar.readAgain();
    },
  };
}

const MACHINE = { identity_provider: 'entra_id', target: 'api://one/.default' };

async function tokenOf(answer: Response): Promise<unknown> {
  assert.equal(answer.status, 200);
  return await answer.json();
}

test('a token asked for again in the same words is the kept one, its time left shrinks, and it ends with its window (2.7)', async (t) => {
  const { provider, sidecar } = await world(t, { FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' });
  const asked = [MACHINE, new URLSearchParams(MACHINE)];
  for (const [seconds, left] of [
    [0, 3600],
    [0, 3600],
    [1, 3599],
    [3479, 121],
  ] as const) {
    sidecar.clock.now = START + seconds;
    for (const body of asked) {
      const token = { access_token: 'token-1', token_type: 'Bearer', expires_in: left };
      assert.deepEqual(await tokenOf(await sidecar.post('/token', body)), token);
    }
  }
  sidecar.clock.now = START + 3480;
  const next = await tokenOf(await sidecar.post('/token', MACHINE));
  assert.deepEqual(next, { access_token: 'token-2', token_type: 'Bearer', expires_in: 3600 });
  assert.equal(provider.forms.length, 2);
});

test('every request is counted, known or not: one for the request and one for what the cache had (3.9)', async (t) => {
  const { sidecar } = await world(t);
  for (let each = 0; each < 4; each += 1) await tokenOf(await sidecar.post('/token', MACHINE));
  const told = (event: string): unknown[] =>
    sidecar.events.filter((each) => each.event === event).map((each) => ('result' in each ? each.result : 'told'));
  assert.deepEqual(told('sidecar.cache'), ['miss', 'hit', 'hit', 'hit']);
  assert.equal(told('sidecar.request').length, 4);
});

test('skip_cache is not answered from what is known, nor does it hinder that (3.2)', async (t) => {
  const { provider, sidecar } = await world(t);
  for (const body of [MACHINE, MACHINE, { ...MACHINE, skip_cache: true }, { ...MACHINE, skip_cache: true }, MACHINE])
    await tokenOf(await sidecar.post('/token', body));
  assert.equal(provider.forms.length, 3);
});

test('what cannot be decoded is refused each time, and what is like it but good is not that (3.2)', async (t) => {
  const { provider, sidecar } = await world(t);
  const raw = (body: string, type = 'application/json', headers = {}): Promise<Response> =>
    fetch(`${sidecar.origin}/api/v1/token`, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
  const good = JSON.stringify(MACHINE);
  for (let each = 0; each < 3; each += 1) {
    assert.equal((await raw(good)).status, 200);
    const refused = [
      raw(`${good} x`),
      raw(good.replace('}', ',"target":"b"}')),
      raw(good, 'application/x-www-form-urlencoded'),
      raw(good, 'text/plain'),
      raw(good, 'application/json', { 'content-encoding': 'gzip' }),
      raw(good, 'application/json', { origin: 'http://a.test' }),
    ];
    for (const answer of await Promise.all(refused)) assert.ok([400, 403].includes(answer.status));
  }
  assert.equal(provider.forms.length, 1);
});

test('a reload that switches a provider off, or its target, is true of requests that were answered a moment ago (3.8)', async (t) => {
  const { sidecar, change } = await world(t);
  const token = (): Promise<Response> => sidecar.post('/token', MACHINE);
  for (let each = 0; each < 3; each += 1) assert.equal((await token()).status, 200);
  await change({ AZURE_ENABLED: 'false' });
  const refused = await token();
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /AZURE_ENABLED/);
  await change({ AZURE_ENABLED: 'true' });
  assert.equal((await token()).status, 200);
  await change({ FULLMAKT_SIDECAR_TARGETS: 'api://other/.default' });
  assert.match(await (await token()).text(), /FULLMAKT_SIDECAR_TARGETS/);
});

test('a request that a reload overtakes ends by the rules it began with, and nothing of it is known after that (3.8)', async (t) => {
  const { provider, sidecar, change } = await world(t);
  const claims = { iss: `${provider.origin}/entra`, aud: 'entra-client', iat: START, exp: START + 600 };
  const asked = [
    ['/token', MACHINE, /"access_token":"token-1"/],
    ['/introspect', { identity_provider: 'entra_id', token: await provider.mint(claims) }, /"active":true/],
  ] as const;
  for (const [path, words, good] of asked) {
    await change({ AZURE_ENABLED: 'true' });
    const body = JSON.stringify(words);
    const client = rawClient(t, Number(new URL(sidecar.origin).port));
    const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue`;
    client.send(`POST /api/v1${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`);
    await client.until(/ 100 Continue/);
    await change({ AZURE_ENABLED: 'false' });
    client.send(body);
    await client.until(good);
    assert.match(await (await sidecar.post(path, words)).text(), /AZURE_ENABLED/);
  }
});

test('a verdict asked for again in the same words ends when its provider is switched off, and when its key goes (2.6, 3.8)', async (t) => {
  const { provider, sidecar, change } = await world(t);
  const claims = { iss: `${provider.origin}/tokenx`, aud: 'local:fleet:api', sub: 'u', iat: START, exp: START + 600 };
  const token = await provider.mint(claims);
  const ask = async (): Promise<string> =>
    await (await sidecar.post('/introspect', { identity_provider: 'tokenx', token })).text();
  const first = await ask();
  assert.match(first, /^\{"active":true,/);
  for (let each = 0; each < 3; each += 1) assert.equal(await ask(), first);
  await change({ TOKEN_X_ENABLED: 'false' });
  assert.match(await ask(), /^\{"active":false,"error":"[^"]*TOKEN_X_ENABLED/);
  await change({ TOKEN_X_ENABLED: 'true' });
  assert.equal(await ask(), first);
  sidecar.clock.now = START + 700;
  assert.equal(await ask(), '{"active":false,"error":"invalid token: ExpiredSignature"}');
});

test('a token that was refused is judged anew each time, in the very same words too (2.6)', async (t) => {
  const { provider, sidecar } = await world(t);
  const claims = {
    iss: `${provider.origin}/tokenx`,
    aud: 'local:fleet:api',
    sub: 'u',
    iat: START + 100,
    exp: START + 600,
  };
  const token = await provider.mint(claims);
  const ask = async (): Promise<string> =>
    await (await sidecar.post('/introspect', { identity_provider: 'tokenx', token })).text();
  assert.match(await ask(), /ImmatureSignature/);
  assert.match(await ask(), /ImmatureSignature/);
  sidecar.clock.now = START + 100;
  assert.match(await ask(), /"active":true/);
});

test('a provider that is away is told of to who asks in known words, and the next token is its own (3.4)', async (t) => {
  const { provider, sidecar } = await world(t, { FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' });
  await tokenOf(await sidecar.post('/token', MACHINE));
  sidecar.clock.now = START + 4000;
  provider.answer = () => json(400, { error: 'invalid_scope', error_description: 'no' });
  const failed = await sidecar.post('/token', MACHINE);
  assert.deepEqual([failed.status, await failed.json()], [400, { error: 'invalid_scope', error_description: 'no' }]);
  provider.answer = () => json(200, { access_token: 'later', token_type: 'Bearer', expires_in: 3600 });
  const later = { access_token: 'later', token_type: 'Bearer', expires_in: 3600 };
  assert.deepEqual(await tokenOf(await sidecar.post('/token', MACHINE)), later);
});
