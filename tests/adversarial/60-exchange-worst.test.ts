import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sign } from '../../src/exchange/testing/world.ts';
import { dearJson } from './60-dear-json.ts';
import { bodyOf, openTarget } from './60-exchange-templates.ts';
import type { Message, Target, Template } from './60-exchange-templates.ts';
import { cpuMs, leastMs, MAX_CPU_MS, UNITS as COMMON_UNITS } from './60-odd.ts';
import { wholeFile } from './whole-file.ts';

/* The dearest requests of legal size: none takes more than 50 ms of CPU, of the server and its client together. */

const BODY_BYTES = 64 * 1024;
const TARGET_BYTES = 8 * 1024;
const HEADER_BYTES = 31 * 1024;
const TOKEN_BYTES = 16 * 1024;
const TRIES = 6;
const UNITS = [...COMMON_UNITS, ':', ',', '-_', '😀'];
const context = wholeFile();
let target: Target;

before(async () => {
  target = await openTarget(context);
  for (const { make } of target.templates) await target.send(await make());
});
/** The least CPU of some tries, in milliseconds. Each is made anew: an assertion works once. */
function cost(make: () => Promise<readonly [Message, Buffer]>): Promise<number> {
  return leastMs(TRIES, async () => {
    target.world.clock.now += 1;
    const [message, body] = await make();
    return cpuMs(async () => {
      const { status } = await target.send(message, body);
      assert.ok(status < 500, `${message.method} ${message.path.slice(0, 80)}: ${status}`);
    });
  });
}

async function cheap(what: string, make: () => Promise<readonly [Message, Buffer]>): Promise<void> {
  const least = await cost(make);
  assert.ok(least <= MAX_CPU_MS, `${what}: ${least} ms`);
}

const named = (name: string): Template => {
  const found = target.templates.find((each) => each.name === name);
  assert.ok(found !== undefined);
  return found;
};

for (const name of ['exchange with everything', 'client credentials', 'introspect', 'revoke']) {
  test(`T60 X15: no form of 64 KiB costs more than ${MAX_CPU_MS} ms: ${name}`, async () => {
    const { form = {} } = await named(name).make();
    for (const parameter of [...Object.keys(form), 'resource', 'unknown']) {
      for (const unit of UNITS) {
        await cheap(`${name} ${parameter}=${unit}…`, async () => {
          const message = await named(name).make();
          const { [parameter]: _replaced, ...rest } = message.form ?? {};
          const start = `${new URLSearchParams(rest).toString()}&${parameter}=`;
          const text = encodeURIComponent(unit);
          return [message, Buffer.from(start + text.repeat(Math.floor((BODY_BYTES - start.length) / text.length)))];
        });
      }
    }
    for (const pairs of [
      '&'.repeat(BODY_BYTES),
      'a=b&'.repeat(BODY_BYTES / 4),
      '%'.repeat(BODY_BYTES),
      'a'.repeat(BODY_BYTES),
      '='.repeat(BODY_BYTES),
    ]) {
      await cheap(`${name} ${pairs.slice(0, 8)}…`, async () => [await named(name).make(), Buffer.from(pairs)]);
    }
  });
}

/** What is in the lists of these bodies. */
const MEMBERS: readonly ((at: number) => string)[] = [
  () => '"dev:fleet:web"',
  () => '{"application":"a"}',
  (at) => `{"kty":"RSA","kid":"${at}","n":"AQAB","e":"AQAB"}`,
];
const dearTexts = (room: number): readonly string[] => dearJson(room, MEMBERS);

for (const name of ['explain', 'revocation', 'registration']) {
  test(`T60 X15: no JSON of 64 KiB costs more than ${MAX_CPU_MS} ms: ${name}`, async () => {
    for (const [index, text] of dearTexts(BODY_BYTES).entries()) {
      await cheap(`${name} #${index}`, async () => [
        await named(name).make(),
        Buffer.from(text).subarray(0, BODY_BYTES),
      ]);
    }
    const { json = {} } = await named(name).make();
    for (const member of [...Object.keys(json), 'unknown']) {
      for (const [index, text] of dearTexts(BODY_BYTES - 4000).entries()) {
        await cheap(`${name} ${member} #${index}`, async () => {
          const message = await named(name).make();
          const rest = JSON.stringify({ ...message.json, [member]: undefined }).slice(1);
          return [message, Buffer.from(`{"${member}":${text},${rest}`).subarray(0, BODY_BYTES)];
        });
      }
    }
    const keys = dearTexts(50_000).at(-1) ?? '';
    await cheap(`${name}, a key set`, async () => [
      await named(name).make(),
      Buffer.from(`{"client_name":"x","software_statement":"x","jwks":{"keys":${keys}}}`),
    ]);
  });
}

test(`T60 X15: no token of 16 KiB costs more than ${MAX_CPU_MS} ms, signed rightly or not at all`, async () => {
  const iat = Math.floor(target.world.clock.now);
  const web = { iss: 'dev:fleet:web', sub: 'dev:fleet:web', aud: 'https://tx.example.test', iat, exp: iat + 60 };
  const user = { iss: 'https://idp.example.test', sub: 'u', client_id: 'login-client', iat, exp: iat + 600 };
  const room = Math.floor(((TOKEN_BYTES - 900) * 3) / 4);
  for (const [index, text] of dearTexts(room).entries()) {
    const head = Buffer.from(text.slice(0, room))
      .toString('base64url')
      .slice(0, TOKEN_BYTES - 10);
    for (const token of [
      `${head}.e30.AA`,
      `eyJhbGciOiJSUzI1NiJ9.${head.slice(0, -30)}.AA`,
      `eyJhbGciOiJSUzI1NiJ9.e30.${head.slice(0, -30)}`,
    ]) {
      for (const place of ['client_assertion', 'subject_token', 'actor_token']) await cheapToken(place, token, index);
      const authorization = `Bearer ${token}`;
      await cheap(`bearer #${index}`, async () => [
        { method: 'GET', path: '/admin/replicas', headers: { authorization } },
        Buffer.of(),
      ]);
    }
  }
  const lists = [
    { aud: Array<string>(1200).fill('a:b:c') },
    { scope: 'a '.repeat(5500) },
    { act: deep(14) },
    { x: Array<number>(5000).fill(1) },
  ];
  for (const [index, claims] of lists.entries()) {
    await cheapToken('subject_token', await sign({ ...user, ...claims }, target.keys.idp), index);
    await cheapToken(
      'client_assertion',
      await sign({ ...web, jti: `j${index}`, ...claims }, target.keys.client),
      index,
    );
  }
});

const deep = (levels: number): object => (levels === 0 ? {} : { sub: 'dev:fleet:web', act: deep(levels - 1) });

async function cheapToken(place: string, token: string, index: number): Promise<void> {
  await cheap(`${place} #${index}`, async () => {
    const message = await named('exchange with everything').make();
    const changed = { ...message, form: { ...message.form, [place]: token } };
    return [changed, bodyOf(changed)];
  });
}

test(`T60 X15: no address of 8 KiB and no header of 31 KiB costs more than ${MAX_CPU_MS} ms, at any endpoint`, async () => {
  for (const { name, make } of target.templates) {
    for (const unit of ['a', '%20', '/', '&', '=', '%', ';', '.', 'a=b&', ',', '"', '-', '00-']) {
      await cheap(`${name}?${unit}…`, async () => {
        const message = await make();
        const path = `${message.path}?name[]=${unit.repeat(Math.floor((TARGET_BYTES - message.path.length - 10) / unit.length))}`;
        return [{ ...message, path }, bodyOf(message)];
      });
      for (const header of [
        'authorization',
        'x-correlation-id',
        'traceparent',
        'content-type',
        'if-none-match',
        'accept',
      ]) {
        await cheap(`${name} ${header}: ${unit}…`, async () => {
          const message = await make();
          const start = header === 'authorization' ? 'Bearer ' : '';
          const others = JSON.stringify(message.headers).length;
          const value = start + unit.repeat(Math.floor((HEADER_BYTES - others - 200) / unit.length));
          return [{ ...message, headers: { ...message.headers, [header]: value } }, bodyOf(message)];
        });
      }
    }
  }
});
