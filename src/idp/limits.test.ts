import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rawExchange } from '../web/testing/raw-client.ts';
import { createJournal } from './journal.ts';
import { createForge } from './testing/forge.ts';
import { createCaller } from './testing/maskinporten.ts';
import { CLIENTS } from './testing/rows.ts';
import { authorizeUrl, CALLBACK, redirected, visit } from './testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten', 'openid'] });
after(() => world.close());
const feed = createCaller(world);

const KIB = 1024;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const TOKEN_URLS = [
  `${ISSUERS.idporten}/token`,
  `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`,
  `${ISSUERS.maskinporten}token`,
  `${ISSUERS.openid}/token`,
];

const formOf = (bytes: number): string => `grant_type=${'x'.repeat(bytes - 'grant_type='.length)}`;
const many = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&');
const stripped = (text: string): string => text.replaceAll(/[0-9a-f-]{20,}|\d+-\d+-\d+ [\d:]+Z/g, '');
const targetOf = (bytes: number): string => `/jwk?${'x'.repeat(bytes - '/jwk?'.length)}`;
const cookie = (bytes: number): string => `Cookie: ${'c'.repeat(bytes)}\r\n`;
const of = (bytes: number): string => `{"claims":{"x":"${'x'.repeat(bytes - '{"claims":{"x":""}}'.length)}"}}`;
const deep = (levels: number): string => `{"claims":{"x":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`;
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

async function sendTo(url: string, body: string): Promise<readonly [number, string]> {
  const answer = await world.fetch(url, { method: 'POST', headers: FORM, body });
  return [answer.status, await answer.text()];
}

for (const url of TOKEN_URLS) {
  test(`a form of 64 KiB is read and one byte more is 413, a form of 32 parameters is read and one more is 400: ${url}`, async () => {
    const [atLimit] = await sendTo(url, formOf(64 * KIB));
    assert.ok([400, 401].includes(atLimit), `read and refused: ${atLimit}`);
    assert.deepEqual(await sendTo(url, formOf(64 * KIB + 1)), [413, '']);
    const [, plain] = await sendTo(url, many(1));
    const [, thirtyTwo] = await sendTo(url, many(32));
    const [status, thirtyThree] = await sendTo(url, many(33));
    assert.equal(stripped(thirtyTwo), stripped(plain), 'what is missing is told, as of any form');
    assert.equal(status, 400);
    assert.notEqual(stripped(thirtyThree), stripped(plain));
  });
}

test('a request line of 8 KiB is read and one byte more is 414; 32 KiB of headers, 16 KiB of cookies, one more is 431', async (t) => {
  const statusOf = async (port: number, text: string): Promise<string> =>
    (await rawExchange(t, port, text)).slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
  for (const name of ['ID-porten', 'ID-porten login', 'Maskinporten', 'OpenID', 'Control API']) {
    const { port } = world.listener(name);
    const host = `127.0.0.1:${port}`;
    const ask = (target: string, header = ''): Promise<string> =>
      statusOf(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${header}\r\n`);
    const plain = await ask('/jwk');
    assert.deepEqual([await ask(targetOf(8 * KIB)), await ask(targetOf(8 * KIB + 1))], [plain, '414'], name);
    assert.deepEqual(
      [await ask('/jwk', cookie(16 * KIB)), await ask('/jwk', cookie(16 * KIB + 1))],
      [plain, '431'],
      name,
    );
    const rest = `Host: ${host}\r\nConnection: close\r\nX: \r\n`.length;
    const header = (bytes: number): string => `X: ${'h'.repeat(bytes - rest)}\r\n`;
    assert.deepEqual(
      [await ask('/jwk', header(32 * KIB)), await ask('/jwk', header(32 * KIB + 1))],
      [plain, '431'],
      name,
    );
  }
});

test('an assertion of 16 KiB, with a kid of 256 or a jti of 128 characters or 16 levels, is judged; one more is malformed', async () => {
  const { now } = world.clock;
  const claims = (): Record<string, unknown> => ({
    iss: CLIENTS.feed,
    aud: ISSUERS.maskinporten,
    iat: now,
    exp: now + 30,
    scope: 'demo:feed/read',
  });
  const forge = await createForge(world, claims);
  const outcomeOf = async (assertion: string): Promise<string> => (await feed.refusal(assertion))[0];
  const malformed = await outcomeOf('a.b.c');
  const ofLength = async (length: number): Promise<string> => {
    const signed = await forge.signed({ jti: 'j', x: '' });
    const filled = await forge.signed({ jti: 'j', x: 'x'.repeat(Math.floor(((length - signed.length) * 3) / 4)) });
    const more = await forge.signed({ jti: 'j', x: 'x'.repeat(Math.floor(((length - signed.length) * 3) / 4) + 1) });
    return more.length <= length ? more : filled;
  };
  const atLimit = await ofLength(16 * KIB);
  assert.ok(atLimit.length > 16 * KIB - 3 && atLimit.length <= 16 * KIB, String(atLimit.length));
  assert.notEqual(await outcomeOf(atLimit), malformed);
  const over = await ofLength(16 * KIB + 4);
  assert.ok(over.length > 16 * KIB);
  assert.equal(await outcomeOf(over), malformed);
  const named = (characters: number): Promise<string> =>
    forge.rewritten(JSON.stringify({ alg: 'RS256', kid: 'k'.repeat(characters) }));
  assert.notEqual(await outcomeOf(await named(256)), malformed);
  assert.equal(await outcomeOf(await named(257)), malformed);
  assert.equal((await feed.ask(await forge.signed({ jti: 'j'.repeat(128) }))).status, 200);
  assert.equal(await outcomeOf(await forge.signed({ jti: 'j'.repeat(129) })), malformed);
  assert.notEqual(await outcomeOf(await forge.signed({ jti: 'd', x: nested(15) })), malformed);
  assert.equal(await outcomeOf(await forge.signed({ jti: 'd', x: nested(16) })), malformed);
});

test('an order of 64 KiB and 16 levels is read by the control API, one byte more is 413, one level more 400', async () => {
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const { origin } = world.listener('Control API');
  const send = async (body: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return (await world.fetch(`${origin}/v1/maskinporten/mint`, { method: 'POST', headers, body })).status;
  };
  assert.deepEqual([await send(of(64 * KIB)), await send(of(64 * KIB + 1))], [200, 413]);
  assert.deepEqual([await send(deep(16)), await send(deep(17))], [200, 400]);
});

test('a client has at most ten keys', async () => {
  const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
  const { origin } = world.listener('Control API');
  const register = async (persona: string, count: number): Promise<number> => {
    const keys = Array.from({ length: count }, (_, index) => ({ ...world.key.publicJwk, kid: `key-${index}` }));
    const body = { client_id: `keys-${count}`, jwks: { keys }, redirect_uris: [CALLBACK] };
    const headers = { authorization: `Bearer ${token}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await world.fetch(`${origin}/v1/${persona}/clients`, init)).status;
  };
  for (const persona of ['idporten', 'openid']) {
    assert.deepEqual([await register(persona, 10), await register(persona, 11)], [201, 422], persona);
  }
});

test('the lists of issued tokens and of requests hold the last 5,000', () => {
  const journal = createJournal();
  const about = { persona: 'openid', client: 'c', kind: 'access', header: {}, claims: {} } as const;
  const asked = {
    persona: 'openid',
    endpoint: 'token',
    method: 'POST',
    status: 200,
    parameters: [],
    assertion: undefined,
  };
  const note = (count: number): void => {
    journal.noteIssued({ ...about, time: count, raw: `token ${count}` });
    journal.noteRequest({ ...asked, time: count });
  };
  for (let count = 1; count <= 5000; count += 1) note(count);
  assert.deepEqual([journal.issued()[0]?.time, journal.requests()[0]?.time], [1, 1]);
  note(5001);
  for (const list of [journal.issued(), journal.requests()]) {
    assert.deepEqual([list.length, list[0]?.time, list.at(-1)?.time], [5000, 2, 5001]);
  }
  assert.equal(journal.counters()[0]?.requests, 5001);
});

test('what was sent is quoted in part: a long value fills neither a redirect nor an event', async () => {
  world.events.length = 0;
  const long = 'r'.repeat(60 * KIB);
  const asked = Object.fromEntries(new URL(authorizeUrl()).searchParams);
  const answer = await visit(world, new Map(), `${ISSUERS.login}/authorize`, form({ ...asked, response_type: long }));
  assert.equal(redirected(answer).get('error'), 'unsupported_response_type');
  assert.ok((answer.headers.get('location') ?? '').length < 4 * KIB);
  const fields = { client_id: long, client_secret: 'x', grant_type: 'client_credentials', scope: 'x/.default' };
  await world.fetch(TOKEN_URLS[1] ?? '', form(fields));
  await world.fetch(TOKEN_URLS[0] ?? '', form(fields));
  for (const event of world.events) assert.ok(JSON.stringify(event).length < 4 * KIB, event.event);
  assert.ok(world.events.some(({ event }) => event === 'idp.refused'));
});
