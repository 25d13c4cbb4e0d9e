import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { create } from '../../src/sdk/index.ts';
import { createSidecar } from '../../src/sidecar/app.ts';
import { sidecarSettings } from '../../src/sidecar/config.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { silent } from '../../src/observe/events.ts';
import { readSettings } from '../../src/settings.ts';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { b64, keyOf, rs } from './malformed/template.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

/* Every limit that the sidecar has, and those of the library: at the limit, and one over. */

const KIB = 1024;
const context = wholeFile();
const keys = await makeKeys();
const provider = await startProvider(context, keys);
const sidecar = await startSidecar(context, { ...testEnv(provider.origin, keys), PROBE_BIND_ADDRESS: '127.0.0.1:0' });
const ASKED = { identity_provider: 'entra_id', target: 'a' };
const PATHS = ['/api/v1/token', '/api/v1/token/exchange', '/api/v1/introspect'] as const;
type Path = (typeof PATHS)[number];
const BODIES: Readonly<Record<Path, Readonly<Record<string, string>>>> = {
  '/api/v1/token': ASKED,
  '/api/v1/token/exchange': { identity_provider: 'tokenx', target: 'a:b:c', user_token: 'x.y.z' },
  '/api/v1/introspect': { identity_provider: 'tokenx', token: 'x.y.z' },
};

async function send(path: string, body: string, type = 'application/json'): Promise<readonly [number, string]> {
  const answer = await fetch(`${sidecar.origin}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
  return [answer.status, await answer.text()];
}

/** The status of an answer to bytes. */
async function rawStatus(bytes: string): Promise<number> {
  const socket = connect(Number(new URL(sidecar.origin).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

const line = (name: string, value: string): string => `${name}: ${value}\r\n`;
const BODY = JSON.stringify(ASKED);
const HEADERS =
  line('Host', 'localhost') +
  line('Connection', 'close') +
  line('Content-Type', 'application/json') +
  line('Content-Length', String(BODY.length));

const asked = (target: string, more = ''): string => `POST ${target} HTTP/1.1\r\n${HEADERS}${more}\r\n${BODY}`;
const ofHeaders = (length: number): string =>
  asked('/api/v1/token', line('X', 'a'.repeat(length - HEADERS.length - 'X: \r\n'.length)));
const pathOf = (length: number): string => `/api/v1/token?${'x'.repeat(length - '/api/v1/token?'.length)}`;
const cookieOf = (length: number): string => line('Cookie', `a=${'b'.repeat(length - 2)}`);
const refused = ([status, body]: readonly [number, string]): boolean =>
  status === 400 && body.startsWith('{"error":"invalid_request"');

test('T60 B6 sidecar: a header block of 32 KiB is read, one byte more is 431', async () => {
  assert.equal(await rawStatus(ofHeaders(32 * KIB)), 200);
  assert.equal(await rawStatus(ofHeaders(32 * KIB + 1)), 431);
});

test('T60 B6 sidecar: a target of 8 KiB is read, one byte more is 414; 16 KiB of cookies are read, one byte more is 431', async () => {
  assert.equal(await rawStatus(asked(pathOf(8 * KIB))), 200);
  assert.equal(await rawStatus(asked(pathOf(8 * KIB + 1))), 414);
  assert.equal(await rawStatus(asked('/api/v1/token', cookieOf(16 * KIB))), 200);
  assert.equal(await rawStatus(asked('/api/v1/token', cookieOf(16 * KIB + 1))), 431);
});

for (const path of PATHS) {
  test(`T60 B6 sidecar: a body of 64 KiB, 32 fields and 16 levels is read, one more of each is invalid_request: ${path}`, async () => {
    const text = JSON.stringify(BODIES[path]);
    const form = new URLSearchParams(BODIES[path]).toString();
    const formType = 'application/x-www-form-urlencoded';
    const told = async (body: string, type?: string): Promise<readonly [number, string]> => {
      const [status, answer] = await send(path, body, type);
      return [status, answer.replace(/"expires_in":\d+/, '"expires_in":0')];
    };
    // What is read is answered for what it asks; the fault of decoding is another.
    const plain = await told(text);
    const spaced = (length: number): string => `${text.slice(0, -1)}${' '.repeat(length - text.length)}}`;
    const nested = (levels: number): string =>
      `${text.slice(0, -1)},"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const long = (length: number): string => `${form}&x=${'a'.repeat(length - form.length - 3)}`;
    const many = (count: number): string =>
      form + Array.from({ length: count - form.split('&').length }, (_, at) => `&x${at}=1`).join('');
    for (const [good, bad, type] of [
      [spaced(64 * KIB), spaced(64 * KIB + 1), undefined],
      [nested(16), nested(17), undefined],
      [long(64 * KIB), long(64 * KIB + 1), formType],
      [many(32), many(33), formType],
    ] as const) {
      assert.deepEqual(await told(good, type), plain);
      const over = await told(bad, type);
      assert.ok(refused(over) && over[1] !== plain[1], over.join(' '));
    }
  });
}

const now = START;
const CLAIMS = {
  iss: `${provider.origin}/tokenx`,
  aud: 'local:fleet:api',
  sub: 'u-1',
  client_id: 'local:fleet:web',
  idp: 'https://idporten.example.test',
  jti: 'j-1',
  iat: now,
  nbf: now,
  exp: now + 600,
};

/** Signed whatever it is, which our own signer would not do. */
function signed(header: object, claims: object): string {
  const input = `${b64(JSON.stringify({ alg: 'RS256', kid: 'issuer-key', ...header }))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${b64(rs(keyOf(keys.issuerJwk))(Buffer.from(input)))}`;
}

const auth = create(
  [{ provider: 'tokenx', issuer: CLAIMS.iss, keys: { jwksUri: `${provider.origin}/jwks` }, audience: [CLAIMS.aud] }],
  { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => now },
);
context.after(() => auth.close());
await auth.ready();

async function judge(token: string): Promise<readonly [boolean, string]> {
  const [, text] = await send('/api/v1/introspect', JSON.stringify({ identity_provider: 'tokenx', token }));
  const verdict = await auth.validate(token);
  return [text.startsWith('{"active":true'), verdict.ok ? 'accepted' : verdict.error.code];
}

/** A token of exactly this length: not every one can be had by its claims alone. */
function tokenOf(length: number): string {
  for (const x of ['', 'a', 'aa', 'aaa']) {
    const least = Math.floor(((length - signed({ x: '' }, { ...CLAIMS, x }).length) * 3) / 4);
    for (let pad = least - 2; pad < least + 4; pad += 1) {
      const token = signed({ x: 'a'.repeat(pad) }, { ...CLAIMS, x });
      if (token.length === length) return token;
    }
  }
  throw new Error('no such length');
}

test('T60 B6 sidecar and SDK: a token of 16 KiB is judged, a longer one refused', async () => {
  assert.deepEqual(await judge(tokenOf(16 * KIB)), [true, 'accepted']);
  assert.deepEqual(await judge(tokenOf(16 * KIB + 1)), [false, 'token_too_large']);
});

test('T60 B6 sidecar and SDK: 16 levels in a token are read, 17 are not; the name of its key has 256 characters at most', async () => {
  const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
  assert.deepEqual(await judge(signed({}, { ...CLAIMS, x: nest(15) })), [true, 'accepted']);
  assert.deepEqual(await judge(signed({}, { ...CLAIMS, x: nest(16) })), [false, 'token_malformed']);
  // A name that nothing has is another fault than one that cannot be a name.
  assert.deepEqual(await judge(signed({ kid: 'k'.repeat(256) }, CLAIMS)), [false, 'key_unknown']);
  assert.notEqual((await judge(signed({ kid: 'k'.repeat(257) }, CLAIMS)))[1], 'key_unknown');
});

/** Whether a sidecar and the library come to keys by such documents. */
async function load(
  t: TestContext,
  {
    jwks = JSON.stringify({ keys: [publicJwk(keys.issuerJwk)] }),
    metadata,
  }: { jwks?: string; metadata?: (origin: string) => string },
): Promise<readonly [boolean, boolean]> {
  const server = await serve({
    name: 'documents',
    setting: 'none',
    host: '127.0.0.1',
    port: 0,
    handle: ({ path }) =>
      path === '/jwks'
        ? { status: 200, body: jwks }
        : { status: 200, body: metadata?.(server.origin) ?? '', headers: { 'content-type': 'application/json' } },
  });
  t.after(() => server.close(0));
  const base = testEnv(server.origin, keys);
  const { TOKEN_X_ISSUER: _issuer, TOKEN_X_JWKS_URI: _jwks, TOKEN_X_TOKEN_ENDPOINT: _token, ...rest } = base;
  const wellKnownUrl = `${server.origin}/.well-known/oauth-authorization-server`;
  const discovered = { ...rest, TOKEN_X_WELL_KNOWN_URL: wellKnownUrl };
  const issuer = metadata === undefined ? `${server.origin}/tokenx` : server.origin;
  const one: TestSidecar = await startSidecar(t, metadata === undefined ? base : discovered);
  const token = signed({}, { ...CLAIMS, iss: issuer });
  const answer = await one.post('/introspect', { identity_provider: 'tokenx', token });
  const library = create(
    [
      {
        provider: 'tokenx',
        issuer,
        keys: metadata === undefined ? { jwksUri: `${server.origin}/jwks` } : { wellKnownUrl },
        audience: [CLAIMS.aud],
      },
    ],
    { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, clock: () => now },
  );
  t.after(() => library.close());
  return [(await answer.text()).startsWith('{"active":true'), (await library.validate(token)).ok];
}

const padTo = (text: string, length: number): string => `${text.slice(0, -1)}${' '.repeat(length - text.length)}}`;

test('T60 B6 sidecar and SDK: a key set of 256 KiB and of 100 keys is read, one more of either is not', async (t) => {
  const one = publicJwk(keys.issuerJwk);
  const plain = JSON.stringify({ keys: [one] });
  assert.deepEqual(await load(t, { jwks: padTo(plain, 256 * KIB) }), [true, true]);
  assert.deepEqual(await load(t, { jwks: padTo(plain, 256 * KIB + 1) }), [false, false]);
  const many = (count: number): string =>
    JSON.stringify({ keys: [one, ...Array.from({ length: count - 1 }, (_, at) => ({ ...one, kid: `other-${at}` }))] });
  assert.deepEqual(await load(t, { jwks: many(100) }), [true, true]);
  assert.deepEqual(await load(t, { jwks: many(101) }), [false, false]);
});

const metadataOf =
  (length: number) =>
  (origin: string): string =>
    padTo(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/jwks`, token_endpoint: `${origin}/token` }), length);

test('T60 B6 sidecar and SDK: metadata of 128 KiB are read, a byte more is not', async (t) => {
  assert.deepEqual(await load(t, { metadata: metadataOf(128 * KIB) }), [true, true]);
  assert.deepEqual(await load(t, { metadata: metadataOf(128 * KIB + 1) }), [false, false]);
});

const answerOf = (length: number): string =>
  padTo(JSON.stringify({ access_token: 'big', token_type: 'Bearer', expires_in: 1 }), length);

test('T60 B6 sidecar: an answer of a provider of 1 MiB is read, a byte more is not', async () => {
  provider.answer = () => ({ ...json(200, {}), body: answerOf(1024 * KIB) });
  assert.equal((await send('/api/v1/token', JSON.stringify({ ...ASKED, target: 'm-1' })))[0], 200);
  provider.answer = () => ({ ...json(200, {}), body: answerOf(1024 * KIB + 1) });
  assert.equal((await send('/api/v1/token', JSON.stringify({ ...ASKED, target: 'm-2' })))[0], 500);
  provider.answer = () => json(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
});

test('T60 B6 sidecar: a thousand requests are in work at once; the next is told 503 at once and when to come again', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow = await startProvider(t, keys);
  slow.answer = async () => {
    await gate.promise;
    return json(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
  };
  const read = readSettings(sidecarSettings, testEnv(slow.origin, keys));
  assert.ok(read.ok);
  let seen = 0;
  const program = await createSidecar(read.settings, { fetch, now: () => START, emit: silent });
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve({
    ...spec,
    handle: (request) => ((seen += 1), spec.handle(request)),
    limits: { sockets: 1200 },
  });
  t.after(async () => {
    await listener.close(0);
    await program.close();
  });
  const ask = (): Promise<Response> =>
    fetch(`${listener.origin}/api/v1/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: BODY,
    });
  const held = Array.from({ length: 1000 }, ask);
  await until(() => seen === 1000);
  const over = await ask();
  assert.deepEqual([over.status, over.headers.get('retry-after')], [503, '1']);
  assert.match(await over.text(), /^\{"error":"server_error"/);
  gate.resolve();
  for (const answer of await Promise.all(held)) assert.equal(answer.status, 200);
  assert.equal(slow.forms.length, 1, 'they all waited for one call');
});

test('T60 B6 sidecar: a listener takes as many connections as it may; those without a request make room', async (t) => {
  const read = readSettings(sidecarSettings, testEnv(provider.origin, keys));
  assert.ok(read.ok);
  const program = await createSidecar(read.settings, { fetch, now: () => START, emit: silent });
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve({ ...spec, limits: { sockets: 5 } });
  const opened: Socket[] = [];
  t.after(async () => {
    for (const socket of opened) socket.destroy();
    await listener.close(0);
    await program.close();
  });
  const dial = async (): Promise<Socket> => {
    const socket = connect(listener.port, '127.0.0.1').resume();
    opened.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const idle = await Promise.all(Array.from({ length: 5 }, dial));
  const madeRoom = idle.map((socket) => once(socket, 'close'));
  const sixth = await dial();
  await Promise.all([once(sixth, 'close'), ...madeRoom]);
  const next = await dial();
  next.write(`POST /api/v1/token HTTP/1.1\r\n${HEADERS}\r\n${BODY}`);
  const [answer] = await once(next, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
});
