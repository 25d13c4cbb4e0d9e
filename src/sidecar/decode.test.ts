import assert from 'node:assert/strict';
import { request as send } from 'node:http';
import test from 'node:test';
import { makeKeys, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from './testing/sidecar.ts';

const keys = await makeKeys();
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

const PATHS = ['/token', '/token/exchange', '/introspect'] as const;
const GOOD: Readonly<Record<(typeof PATHS)[number], Readonly<Record<string, string>>>> = {
  '/token': { identity_provider: 'entra_id', target: 'a' },
  '/token/exchange': { identity_provider: 'tokenx', target: 'a', user_token: 'u' },
  '/introspect': { identity_provider: 'idporten', token: 't' },
};

interface World {
  readonly provider: FakeProvider;
  readonly sidecar: TestSidecar;
  /** Exactly this body under this type; status and `error_description`. */
  readonly raw: (path: string, type: string | undefined, body: string | Buffer, more?: object) => Promise<Said>;
}

interface Said {
  readonly status: number;
  readonly error: unknown;
  readonly text: string;
}

async function setup(t: test.TestContext, env: Record<string, string> = {}): Promise<World> {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, { ...testEnv(provider.origin, keys), ...env });
  const raw: World['raw'] = (path, type, body, more) =>
    new Promise((resolve, reject) => {
      const headers = { ...(type === undefined ? {} : { 'content-type': type }), ...more };
      const sent = send(`${sidecar.origin}/api/v1${path}`, { method: 'POST', headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
          const { error, error_description: text } = answer;
          resolve({ status: response.statusCode ?? 0, error, text: String(text) });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { provider, sidecar, raw };
}

async function assertRefused(saying: Promise<Said>, text: RegExp, what = ''): Promise<void> {
  const said = await saying;
  assert.deepEqual([said.status, said.error], [400, 'invalid_request'], `${what} ${said.text}`);
  assert.match(said.text, text, what);
}

test('both encodings reach every endpoint, with any parameters after the type (3.2)', async (t) => {
  const { raw } = await setup(t);
  for (const path of PATHS) {
    const fields = GOOD[path];
    for (const type of [JSON_TYPE, `${JSON_TYPE}; charset=utf-8`, `${JSON_TYPE};charset=iso-8859-1`]) {
      assert.equal((await raw(path, type, JSON.stringify(fields))).status, 200, `${path} ${type}`);
    }
    for (const type of [FORM_TYPE, `${FORM_TYPE}; charset=UTF-8`]) {
      assert.equal((await raw(path, type, new URLSearchParams(fields).toString())).status, 200, `${path} ${type}`);
    }
  }
});

test('another type is 400 that names it and the two that are accepted, letter by letter (3.2)', async (t) => {
  const { raw } = await setup(t);
  for (const path of PATHS) {
    for (const type of ['text/plain', 'Application/json', 'APPLICATION/X-WWW-FORM-URLENCODED', 'multipart/form-data']) {
      const { status, error, text } = await raw(path, type, JSON.stringify(GOOD[path]));
      assert.deepEqual([status, error], [400, 'invalid_request']);
      for (const part of [type, JSON_TYPE, FORM_TYPE]) assert.ok(text.includes(part), `${text}: ${part}`);
    }
    await assertRefused(raw(path, undefined, '{}'), /Content-Type is , and has to be application\/json or /);
    await assertRefused(raw(path, '', '{}'), /Content-Type is , and/);
  }
});

test('each field that is missing, null, twice, or of another type is 400 that names it (3.2)', async (t) => {
  const { raw, provider } = await setup(t);
  for (const path of PATHS) {
    for (const name of Object.keys(GOOD[path])) {
      const { [name]: _, ...rest } = GOOD[path];
      const named = new RegExp(name);
      await assertRefused(raw(path, JSON_TYPE, JSON.stringify(rest)), named, 'missing');
      await assertRefused(raw(path, JSON_TYPE, JSON.stringify({ ...rest, [name]: null })), named, 'null');
      await assertRefused(raw(path, FORM_TYPE, new URLSearchParams(rest).toString()), named, 'missing in a form');
      for (const value of [1, true, ['a'], { a: 'a' }]) {
        await assertRefused(raw(path, JSON_TYPE, JSON.stringify({ ...rest, [name]: value })), named, typeof value);
      }
      const twice = `${new URLSearchParams(GOOD[path]).toString()}&${name}=a`;
      await assertRefused(raw(path, FORM_TYPE, twice), named, 'twice in a form');
      const doubled = JSON.stringify(GOOD[path]).replace('{', `{"${name}":"a",`);
      await assertRefused(raw(path, JSON_TYPE, doubled), /not valid JSON/, 'twice in JSON');
    }
    await assertRefused(raw(path, JSON_TYPE, JSON.stringify({ ...GOOD[path], identity_provider: 'nobody' })), /nobody/);
    await assertRefused(
      raw(path, JSON_TYPE, JSON.stringify({ ...GOOD[path], identity_provider: '' })),
      /no known value: .*\(known: entra_id, tokenx, maskinporten, idporten, ansattporten\)/,
    );
  }
  assert.equal(provider.forms.length, 0);
});

test('unknown fields are ignored, and empty strings are values that go upstream (3.2)', async (t) => {
  const { raw, provider } = await setup(t);
  const fields = { ...GOOD['/token/exchange'], target: '', user_token: '', other: 'x', actor: 'y' };
  assert.equal(
    (await raw('/token/exchange', JSON_TYPE, JSON.stringify({ ...fields, deep: [{ a: null }] }))).status,
    200,
  );
  assert.equal((await raw('/token/exchange', FORM_TYPE, new URLSearchParams(fields).toString())).status, 200);
  const [form] = provider.forms;
  assert.deepEqual([form?.get('audience'), form?.get('subject_token'), form?.has('other')], ['', '', false]);
});

test('skip_cache is true or false and nothing that looks like it (3.2)', async (t) => {
  const { raw } = await setup(t);
  const form = new URLSearchParams(GOOD['/token']).toString();
  for (const value of ['true', 'false']) {
    assert.equal((await raw('/token', FORM_TYPE, `${form}&skip_cache=${value}`)).status, 200);
  }
  for (const value of ['TRUE', 'True', '1', '0', 'yes', '', 'null']) {
    await assertRefused(raw('/token', FORM_TYPE, `${form}&skip_cache=${value}`), /skip_cache/, value);
  }
  for (const value of [true, false, null]) {
    assert.equal(
      (await raw('/token', JSON_TYPE, JSON.stringify({ ...GOOD['/token'], skip_cache: value }))).status,
      200,
    );
  }
  for (const value of ['true', 1, 0, [], {}]) {
    await assertRefused(
      raw('/token', JSON_TYPE, JSON.stringify({ ...GOOD['/token'], skip_cache: value })),
      /skip_cache/,
    );
  }
});

test('authorization_details are objects in a list, or text that holds them; anything else is 400 (3.2, RFC 9396)', async (t) => {
  const { raw, provider } = await setup(t);
  const base = { identity_provider: 'maskinporten', target: 'a:b' };
  const json = (details: unknown): Promise<Said> =>
    raw('/token', JSON_TYPE, JSON.stringify({ ...base, authorization_details: details }));
  const form = (details: string): Promise<Said> =>
    raw('/token', FORM_TYPE, new URLSearchParams({ ...base, authorization_details: details }).toString());
  const list = [{ type: 'x', of: ['æ', { deep: 9 }] }];
  for (const said of [await json(list), await json(JSON.stringify(list)), await form(JSON.stringify(list))]) {
    assert.equal(said.status, 200);
  }
  assert.equal(provider.forms.length, 1, 'one meaning, one entry');
  assert.equal((await json([])).status, 200);
  assert.equal((await json(null)).status, 200);
  assert.equal(provider.forms.length, 3, 'an empty list and none are two entries');
  for (const wrong of [{}, 1, true, 'null', '{}', '', '[', '[1]', '["{}"]', [1], [null], [[]], ['{}']]) {
    await assertRefused(json(wrong), /authorization_details/, JSON.stringify(wrong));
    if (typeof wrong === 'string') await assertRefused(form(wrong), /authorization_details/, wrong);
  }
});

test('64 KiB are read, one byte more is 400, and so is a body that says it is compressed (3.2)', async (t) => {
  const { raw } = await setup(t);
  const start = JSON.stringify({ ...GOOD['/token'], filler: '' }).slice(0, -2);
  const body = (bytes: number): string => `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
  assert.equal((await raw('/token', JSON_TYPE, body(65_536))).status, 200);
  await assertRefused(raw('/token', JSON_TYPE, body(65_537)), /64 KiB/);
  const chunked = { 'transfer-encoding': 'chunked' };
  await assertRefused(raw('/token', JSON_TYPE, body(65_537), chunked), /64 KiB/, 'without a length');
  for (const coding of ['gzip', 'identity', '']) {
    await assertRefused(
      raw('/token', JSON_TYPE, body(100), { 'content-encoding': coding }),
      /Content-Encoding/,
      coding,
    );
  }
});

test('32 form fields are read, one more is 400, and so is what is no form or no JSON (3.2, 2.1)', async (t) => {
  const { raw } = await setup(t);
  const form = (fields: number): string =>
    [new URLSearchParams(GOOD['/token']).toString(), ...Array.from({ length: fields - 2 }, (_, at) => `f${at}=`)].join(
      '&',
    );
  assert.equal((await raw('/token', FORM_TYPE, form(32))).status, 200);
  await assertRefused(raw('/token', FORM_TYPE, form(33)), /too-many/);
  for (const wrong of ['%', 'a=%zz', 'a=%ff', Buffer.from([0x61, 0x3d, 0xff])]) {
    await assertRefused(raw('/token', FORM_TYPE, wrong), /form/);
  }
  const good = JSON.stringify(GOOD['/token']);
  const deep = `${'['.repeat(17)}${']'.repeat(17)}`;
  for (const wrong of [
    '',
    'null',
    '[]',
    '"a"',
    `${good}x`,
    `\u{feff}${good}`,
    good.replace('{', `{"a":${deep},`),
    good.replace('{', '{"__proto__":1,'),
    good.replace('entra_id', '\\ud800'),
    Buffer.from(good.replace('entra_id', 'entra_\u00ff'), 'latin1'),
  ]) {
    await assertRefused(raw('/token', JSON_TYPE, wrong), /JSON/, String(wrong));
  }
});

test('JSON_ONLY leaves forms out, which a web page could send without asking (3.6)', async (t) => {
  const { raw } = await setup(t, { FULLMAKT_SIDECAR_JSON_ONLY: 'true' });
  assert.equal((await raw('/token', JSON_TYPE, JSON.stringify(GOOD['/token']))).status, 200);
  const form = new URLSearchParams(GOOD['/token']).toString();
  await assertRefused(raw('/token', FORM_TYPE, form), /x-www-form-urlencoded, and has to be application\/json$/);
});
