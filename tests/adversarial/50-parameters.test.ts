import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import type { World } from '../../src/exchange/testing/world.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { loopbackFetch } from '../loopback.ts';
import { wholeFile } from './whole-file.ts';
import { assertInTime } from '../in-time.ts';

const FORM = 'application/x-www-form-urlencoded';
const context = wholeFile();
let world: World;
let sidecar: TestSidecar;
let provider: FakeProvider;

before(async () => {
  world = await createWorld({ keys: await createTestKeys() });
  context.after(() => world.close());
  const keys = await makeKeys();
  provider = await startProvider(context, keys);
  sidecar = await startSidecar(context, testEnv(provider.origin, keys));
});

interface Verdict {
  readonly status: number;
  readonly error: unknown;
}

async function exchange(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  path = '/token',
): Promise<Verdict> {
  world.clock.now += 1;
  const answer = await world.send('POST', path, { body, headers: { 'Content-Type': FORM, ...headers } });
  return { status: answer.status, error: answer.body['error'] };
}

async function ask(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  query = '',
): Promise<Verdict> {
  const answer = await loopbackFetch(`${sidecar.origin}/api/v1/token${query}`, {
    method: 'POST',
    headers: { 'content-type': FORM, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await answer.text();
  const read: unknown = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, error: Object.getOwnPropertyDescriptor(read, 'error')?.value };
}

const GOOD = 'identity_provider=maskinporten&target=demo:feed';
const GOOD_JSON = '{"identity_provider":"maskinporten","target":"demo:feed"}';
const padded = (text: string, length: number): string => `${text}&x=`.padEnd(length, 'x');
const fill = (count: number): string => Array.from({ length: count }, (_each, index) => `p${index}=1`).join('&');

test('T50 a good form passes at both, so that what follows fails for its own reason', async () => {
  assert.equal((await exchange(await world.form())).status, 200);
  assert.equal((await ask(GOOD)).status, 200);
  assert.equal((await ask(GOOD_JSON, { 'content-type': 'application/json' })).status, 200);
});

test('T50 every parameter twice is invalid_request at the exchange, wherever the second stands and whatever it says', async () => {
  const names = [...new URLSearchParams(await world.form()).keys(), 'scope', 'client_id', 'unknown'];
  for (const name of names) {
    for (const second of [`${name}=`, `${name}=other`, `${encodeURIComponent(name).replace('_', '%5F')}=x`]) {
      const form = new URLSearchParams(await world.form());
      if (!form.has(name)) form.set(name, 'dev:fleet:web');
      const same = `${name}=${encodeURIComponent(form.get(name) ?? '')}`;
      for (const body of [
        `${form.toString()}&${second}`,
        `${second}&${form.toString()}`,
        `${form.toString()}&${same}`,
      ]) {
        const { status, error } = await exchange(body);
        // Several audiences are a thing of their own (RFC 8693 2.2.2).
        const expected = name === 'audience' ? ['invalid_request', 'invalid_target'] : ['invalid_request'];
        assert.ok(status === 400 && expected.includes(String(error)), `${name}, ${second}: ${status} ${String(error)}`);
      }
    }
  }
});

test('T50 every field twice is invalid_request at the sidecar, in forms and in JSON', async () => {
  const upstream = provider.forms.length;
  for (const name of ['identity_provider', 'target', 'skip_cache', 'resource', 'unknown']) {
    for (const body of [
      `${GOOD}&${name}=true&${name}=true`,
      `${name}=true&${GOOD}&${name}=`,
      `${GOOD}&${name}&${name}`,
    ]) {
      assert.deepEqual(await ask(body), { status: 400, error: 'invalid_request' }, body);
    }
    const twice = `${GOOD_JSON.slice(0, -1)},"${name}":"a","${name}":"b"}`;
    assert.deepEqual(
      await ask(twice, { 'content-type': 'application/json' }),
      { status: 400, error: 'invalid_request' },
      twice,
    );
  }
  assert.equal(provider.forms.length, upstream, 'nothing went upstream');
});

const NO_FORMS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['text/plain', { 'content-type': 'text/plain' }],
  ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
  ['no type', { 'content-type': '' }],
  ['a list of types', { 'content-type': `text/plain, ${FORM}` }],
  ['XML', { 'content-type': 'application/xml' }],
  ['almost the type', { 'content-type': 'application/x-www-form-urlencode' }],
  ['gzip', { 'content-encoding': 'gzip' }],
  ['deflate', { 'content-encoding': 'deflate' }],
  ['br', { 'content-encoding': 'br' }],
  ['an unknown encoding', { 'content-encoding': 'x' }],
];

for (const [what, headers] of NO_FORMS) {
  test(`T50 only the declared types are read, and none encoded: ${what}`, async () => {
    const bent =
      what === 'gzip' ? gzipSync : what === 'deflate' ? deflateSync : (text: string): Buffer => Buffer.from(text);
    const at = await exchange(bent(await world.form()), headers);
    assert.ok([400, 415].includes(at.status), `exchange ${at.status}`);
    assert.equal(at.error, 'invalid_request');
    assert.deepEqual(await ask(bent(GOOD), headers), { status: 400, error: 'invalid_request' });
  });
}

test('T50 JSON sent as a form, and a form sent as JSON, are neither', async () => {
  const json = JSON.stringify(Object.fromEntries(new URLSearchParams(await world.form())));
  assert.equal((await exchange(json)).status, 400);
  assert.equal((await exchange(json, { 'Content-Type': 'application/json' })).error, 'invalid_request');
  assert.deepEqual(await ask(GOOD_JSON), { status: 400, error: 'invalid_request' });
  assert.deepEqual(await ask(GOOD, { 'content-type': 'application/json' }), { status: 400, error: 'invalid_request' });
});

test('T50 charsets other than UTF-8 are refused or not heeded, and bytes that are no UTF-8 are refused', async () => {
  for (const charset of ['utf-16', 'iso-8859-1', 'utf-7', 'ibm037', 'shift_jis']) {
    const at = await exchange(Buffer.from(await world.form(), 'utf16le'), {
      'Content-Type': `${FORM}; charset=${charset}`,
    });
    assert.deepEqual(at, { status: 400, error: 'invalid_request' }, charset);
    assert.equal(
      (await ask(Buffer.from(GOOD, 'utf16le'), { 'content-type': `${FORM}; charset=${charset}` })).status,
      400,
    );
  }
  for (const bytes of ['%ff', '%c0%af', '%ed%a0%80', '%f5%80%80%80', '%zz', '%', '%4']) {
    assert.equal((await exchange(`${await world.form()}&x=${bytes}`)).error, 'invalid_request', bytes);
    assert.deepEqual(await ask(`${GOOD}&x=${bytes}`), { status: 400, error: 'invalid_request' }, bytes);
  }
  for (const raw of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
    assert.equal(
      (await exchange(Buffer.concat([Buffer.from(`${await world.form()}&x=`), Buffer.from(raw)]))).status,
      400,
    );
    assert.equal((await ask(Buffer.concat([Buffer.from(`${GOOD}&x=`), Buffer.from(raw)]))).status, 400);
  }
});

test('T50 parameters in the query are refused at the exchange and never read at the sidecar', async () => {
  const form = await world.form();
  assert.equal((await exchange(form, {}, '/token?audience=dev:fleet:api')).error, 'invalid_request');
  assert.equal((await exchange('', {}, `/token?${form}`)).error, 'invalid_request');
  assert.deepEqual(await ask('', {}, `?${GOOD}`), { status: 400, error: 'invalid_request' });
  const upstream = provider.forms.length;
  assert.equal((await ask(`${GOOD}&skip_cache=true`, {}, '?target=other')).status, 200);
  assert.doesNotMatch(JSON.stringify(provider.forms.slice(upstream).map(String)), /other/);
});

test('T50 brackets, dots and indices make no lists: such names are unknown ones', async () => {
  for (const name of [
    'audience[]',
    'audience[0]',
    'audience.0',
    'audience[x]',
    '__proto__',
    'constructor',
    'toString',
    '',
  ]) {
    const form = new URLSearchParams(await world.form());
    form.delete('audience');
    const without = `${form.toString()}&${encodeURIComponent(name)}=dev%3Afleet%3Aapi`;
    assert.equal((await exchange(without)).error, 'invalid_request', name);
    assert.equal((await exchange(`${await world.form()}&${encodeURIComponent(name)}=x`)).status, 200, name);
    const asked = `identity_provider=maskinporten&${encodeURIComponent(name.replace('audience', 'target'))}=x`;
    assert.deepEqual(await ask(asked), { status: 400, error: 'invalid_request' }, name);
  }
});

test('T50 32 parameters pass and 33 do not; 64 KiB pass and a byte more does not; 100,000 parameters end early', async () => {
  const form = await world.form();
  const own = form.split('&').length;
  assert.equal((await exchange(`${form}&${fill(32 - own)}`)).status, 200);
  assert.equal((await exchange(`${await world.form()}&${fill(33 - own)}`)).error, 'invalid_request');
  assert.equal((await ask(`${GOOD}&${fill(30)}`)).status, 200);
  assert.deepEqual(await ask(`${GOOD}&${fill(31)}`), { status: 400, error: 'invalid_request' });
  assert.equal((await exchange(padded(await world.form(), 65_536))).status, 200);
  assert.equal((await exchange(padded(await world.form(), 65_537))).status, 413);
  assert.equal((await ask(padded(GOOD, 65_536))).status, 200);
  assert.equal((await ask(padded(GOOD, 65_537))).status, 400);
  const started = performance.now();
  assert.equal((await exchange(fill(100_000))).status, 413);
  assert.equal((await ask(fill(100_000))).status, 400);
  assertInTime(performance.now() - started, 2000);
});
