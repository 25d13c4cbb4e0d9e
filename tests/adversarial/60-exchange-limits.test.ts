import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { before, test } from 'node:test';
import { createWorld } from '../../src/exchange/testing/world.ts';
import type { Change } from '../../src/exchange/testing/world.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { openTarget } from './60-exchange-templates.ts';
import type { Message, Target } from './60-exchange-templates.ts';
import { b64, keyOf, rs } from './malformed/template.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

/* Every limit of security.md 4 that the exchange has: at the limit, and one over. */

type Told = Promise<readonly [number, unknown]>;

const KIB = 1024;
const context = wholeFile();
let target: Target;

before(async () => {
  target = await openTarget(context);
  for (const { make } of target.templates) await target.send(await make());
});
async function good(name: string): Promise<Message> {
  const found = target.templates.find((each) => each.name === name);
  assert.ok(found !== undefined);
  target.world.clock.now += 1;
  return found.make();
}

/** Status and reason of an answer. */
async function told(message: Message, body?: string): Told {
  const { status, text } = await target.send(message, body === undefined ? undefined : Buffer.from(body));
  const read: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  return [status, Object.getOwnPropertyDescriptor(read, 'fm_reason')?.value];
}

const formOf = ({ form }: Message): string => new URLSearchParams(form).toString();
const padded = (text: string, start: string, length: number): string =>
  `${text}${start}${'a'.repeat(length - text.length - start.length)}`;

test('T60 B6: a target of 8 KiB is read, one byte more is 414', async () => {
  const message = await good('/metrics');
  const of = (length: number): Message => ({ ...message, path: padded('/metrics', '?x=', length) });
  assert.equal((await told(of(8 * KIB)))[0], 200);
  assert.equal((await told(of(8 * KIB + 1)))[0], 414);
});

test('T60 B6: 16 KiB of cookies are read, one byte more is 431', async () => {
  const message = await good('/jwks');
  const of = (length: number): Message => ({ ...message, headers: { cookie: `a=${'b'.repeat(length - 2)}` } });
  assert.equal((await told(of(16 * KIB)))[0], 200);
  assert.equal((await told(of(16 * KIB + 1)))[0], 431);
});

/** The status of an answer to bytes. */
async function rawStatus(bytes: string): Promise<number> {
  const socket = connect(Number(new URL(target.world.origin).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(bytes);
  await closed;
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

const line = (name: string, value: string): string => `${name}: ${value}\r\n`;

test('T60 B6: a header block of 32 KiB is read, one byte more is 431', async () => {
  const others = line('Host', 'localhost') + line('Connection', 'close');
  const of = (length: number): string =>
    `GET /jwks HTTP/1.1\r\n${others}${line('X', 'a'.repeat(length - others.length - 'X: \r\n'.length))}\r\n`;
  assert.equal(await rawStatus(of(32 * KIB)), 200);
  assert.equal(await rawStatus(of(32 * KIB + 1)), 431);
});

async function formOfLength(name: string, length: number): Told {
  const message = await good(name);
  return told(message, padded(formOf(message), '&x=', length));
}

async function formOfMany(name: string, count: number): Told {
  const message = await good(name);
  const more = Array.from({ length: count - Object.keys(message.form ?? {}).length }, (_, at) => `&x${at}=1`);
  return told(message, formOf(message) + more.join(''));
}

for (const name of ['exchange', 'introspect', 'revoke']) {
  test(`T60 B6: a form of 64 KiB and 32 parameters is read, one more of either is not: ${name}`, async () => {
    assert.deepEqual(await formOfLength(name, 64 * KIB), [200, undefined]);
    assert.deepEqual(await formOfLength(name, 64 * KIB + 1), [413, 'too-large']);
    assert.deepEqual(await formOfMany(name, 32), [200, undefined]);
    assert.deepEqual(await formOfMany(name, 33), [400, 'too-many-parameters']);
  });
}

async function jsonOfLength(name: string, length: number): Told {
  const message = await good(name);
  const text = JSON.stringify(message.json);
  return told(message, `${text.slice(0, -1)}${' '.repeat(length - text.length)}}`);
}

async function jsonOfDepth(name: string, levels: number): Told {
  const message = await good(name);
  const inner = `${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}`;
  return told(message, `${JSON.stringify(message.json).slice(0, -1)},"x":${inner}}`);
}

/** A revocation takes no member that it does not know, so what is read there is refused for that. */
for (const [name, status, deep] of [
  ['revocation', 202, [400, 'body-malformed']],
  ['registration', 201, [201, undefined]],
] as const) {
  test(`T60 B6: JSON of 64 KiB and 16 levels is read, one more of either is not: ${name}`, async () => {
    assert.deepEqual(await jsonOfLength(name, 64 * KIB), [status, undefined]);
    assert.deepEqual(await jsonOfLength(name, 64 * KIB + 1), [413, 'too-large']);
    assert.deepEqual(await jsonOfDepth(name, 16), deep);
    assert.equal((await jsonOfDepth(name, 17))[0], 400);
  });
}

/** Signed with a key under any name, which our own signer would not use. */
function signedAs(claims: object, key: PrivateJwk, kid: string): string {
  const input = `${b64(JSON.stringify({ alg: 'RS256', kid }))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${b64(rs(keyOf(key))(Buffer.from(input)))}`;
}

/** An exchange whose subject token has these claims or this name of its key. */
async function withSubject(claims: object, kid = 'idp-1'): Told {
  const message = await good('exchange');
  const iat = Math.floor(target.world.clock.now);
  const base = {
    iss: 'https://idp.example.test',
    sub: 'u-81',
    client_id: 'login-client',
    jti: randomUUID(),
    iat,
    exp: iat + 60,
  };
  const subject_token = signedAs({ ...base, ...claims }, target.keys.idp, kid);
  return told({ ...message, form: { ...message.form, subject_token } });
}

async function withAssertion(claims: object, kid = 'client-1'): Told {
  const message = await good('exchange');
  const iat = Math.floor(target.world.clock.now);
  const id = 'dev:fleet:web';
  const base = { iss: id, sub: id, aud: 'https://tx.example.test', jti: randomUUID(), iat, exp: iat + 60 };
  const client_assertion = signedAs({ ...base, ...claims }, target.keys.client, kid);
  return told({ ...message, form: { ...message.form, client_assertion } });
}

/** A token of exactly this length: not every one can be had by its claims alone. */
async function tokenOf(make: (more: Change) => Promise<string>, length: number): Promise<string> {
  const of = (pad: number, x: string): Promise<string> =>
    make({ claims: { x, jti: randomUUID() }, header: { x: 'a'.repeat(pad) } });
  for (const x of ['', 'a', 'aa', 'aaa']) {
    const least = Math.floor(((length - (await of(0, x)).length) * 3) / 4);
    for (let pad = least - 2; pad < least + 4; pad += 1) {
      const token = await of(pad, x);
      if (token.length === length) return token;
    }
  }
  throw new Error('no such length');
}

test('T60 B6: a token of 16 KiB is read, a longer one is refused: assertion and subject', async () => {
  const { world } = target;
  for (const [place, make, reason] of [
    ['subject_token', (more: Change) => world.subject(more), 'token-too-large'],
    ['client_assertion', (more: Change) => world.assertion(more), 'client-assertion-malformed'],
  ] as const) {
    const send = async (token: string): Told => {
      const message = await good('exchange');
      return told({ ...message, form: { ...message.form, [place]: token } });
    };
    assert.deepEqual(await send(await tokenOf(make, 16 * KIB)), [200, undefined], place);
    assert.equal((await send(await tokenOf(make, 16 * KIB + 1)))[1], reason);
  }
});

test('T60 B6: 16 levels in a token are read, 17 are not; the name of its key has 256 characters at most; a jti 128', async () => {
  const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
  assert.deepEqual(await withSubject({ x: nest(15) }), [200, undefined]);
  assert.deepEqual(await withSubject({ x: nest(16) }), [400, 'subject-malformed']);
  assert.deepEqual(await withAssertion({ x: nest(15) }), [200, undefined]);
  assert.equal((await withAssertion({ x: nest(16) }))[1], 'client-assertion-malformed');
  // A name that nothing has is another fault than one that cannot be a name.
  assert.equal((await withSubject({}, 'k'.repeat(256)))[1], 'subject-signature');
  assert.equal((await withSubject({}, 'k'.repeat(257)))[1], 'subject-malformed');
  assert.equal((await withAssertion({}, 'k'.repeat(256)))[1], 'client-auth-failed');
  assert.equal((await withAssertion({}, 'k'.repeat(257)))[1], 'client-assertion-malformed');
  assert.deepEqual(await withAssertion({ jti: randomUUID().padEnd(128, 'j') }), [200, undefined]);
  assert.equal((await withAssertion({ jti: randomUUID().padEnd(129, 'j') }))[1], 'client-jti');
});

async function revoke(length: number): Promise<number> {
  const message = await good('revocation');
  return (await told({ ...message, json: { ...message.json, value: 'v'.repeat(length) } }))[0];
}

test('T60 B6: what an operator revokes has 1024 characters at most', async () => {
  assert.equal(await revoke(1024), 202);
  assert.equal(await revoke(1025), 400);
});

test('T60 B6: two hundred requests are in work at once; the next is told 503 at once and when to come again', async (t) => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const world = await createWorld({
    keys: target.keys,
    record: async () => {
      waiting += 1;
      await gate.promise;
    },
  });
  t.after(() => world.close());
  const held = Array.from({ length: 200 }, () => world.exchange());
  await until(() => waiting === 200);
  const over = await world.exchange();
  assert.deepEqual([over.status, over.body['fm_reason'], over.headers['retry-after']], [503, 'overloaded', '1']);
  gate.resolve();
  for (const { status } of await Promise.all(held)) assert.equal(status, 200);
  assert.equal((await world.exchange()).status, 200);
});

test('T60 B6: a listener takes as many connections as it may; one more is closed, and those without a request make room', async (t) => {
  const world = await createWorld({ keys: target.keys, limits: { sockets: 5 } });
  t.after(() => world.close());
  const opened: Socket[] = [];
  t.after(() => opened.forEach((socket) => socket.destroy()));
  const dial = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(world.origin).port), '127.0.0.1').resume();
    opened.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const idle = await Promise.all(Array.from({ length: 5 }, dial));
  const madeRoom = idle.map((socket) => once(socket, 'close'));
  const sixth = await dial();
  await Promise.all([once(sixth, 'close'), ...madeRoom]);
  const next = await dial();
  next.write('GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = await once(next, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
});
