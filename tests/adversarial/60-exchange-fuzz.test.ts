import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sign } from '../../src/exchange/testing/world.ts';
import words from './60-idp-words.json' with { type: 'json' };
import { bodyOf, openTarget } from './60-exchange-templates.ts';
import type { Message, Reply, Target } from './60-exchange-templates.ts';
import { VALUES } from './60-odd.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import type { Random } from './scale.ts';
import { wholeFile } from './whole-file.ts';

/* Good requests to every endpoint of the exchange, spoilt in one to three places, over real connections. */

const REQUESTS = isFull ? 100_000 : 5000;
const AT_ONCE = 16;
const STACK = /\bat (?:async )?(?:file:|node:|\/)|node:internal|\.ts:\d+/;
const seed = drawSeed();
const random = createRandom(seed);
const context = wholeFile();
let target: Target;

before(async () => {
  target = await openTarget(context);
});
interface Spoilt {
  readonly message: Message;
  readonly body: Buffer;
}
type Spoil = (message: Message, random: Random) => Message | Promise<Message>;

const OBJECTS: readonly [unknown, ...unknown[]] = [{ a: { b: {} } }, ...VALUES];
const HEADERS = [
  'authorization',
  'content-type',
  'content-encoding',
  'x-correlation-id',
  'traceparent',
  'dpop',
  'accept',
  'if-none-match',
  'origin',
  'cookie',
  'forwarded',
  'expect',
] as const;
const NAMES = [
  'grant_type',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'subject_token',
  'scope',
  'audience',
  'resource',
  'actor_token',
  'token',
  'token_type_hint',
  'claims',
  'x',
  '__proto__',
  'constructor',
  '',
] as const;
const CLAIMS = [
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'act',
  'may_act',
  'cnf',
  'scope',
  'appId',
  'accessPolicyInbound',
  '__proto__',
] as const;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'] as const;

function odd(from: Random): string {
  const below = (end: number): number => from.below(end);
  const kind = below(12);
  if (kind < 8) return words.values[below(words.values.length)] ?? '';
  if (kind === 8) return from.text(below(40));
  if (kind === 9) return String.fromCodePoint(...Array.from({ length: below(20) }, () => below(0x11_00_00)));
  if (kind === 10) return '['.repeat(below(3000)) + ']'.repeat(below(3000));
  return (['x', 'æ', ' ', '.', '{"a":', '%', ',', '\u0000'][below(8)] ?? 'x').repeat(1 + below(5000));
}

const oddValue = (from: Random): unknown => (from.below(2) === 0 ? odd(from) : from.pick(OBJECTS));
/** As a header can carry it. */
const headerText = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 9000);
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed().slice(0, random.below(12) === 0 ? 9000 : 200));

const spoilForm: Spoil = (message, from) => {
  const { form } = message;
  if (form === undefined) return spoilJson(message, from);
  const names = Object.keys(form);
  const name = from.below(4) === 0 ? from.pick(NAMES) : (names[from.below(names.length)] ?? '');
  if (from.below(4) > 0) return { ...message, form: { ...form, [name]: odd(from).toWellFormed() } };
  const { [name]: _gone, ...rest } = form;
  return { ...message, form: rest };
};

function spoilJson(message: Message, from: Random): Message {
  const { json } = message;
  if (json === undefined) return { ...message, path: `${message.path}?${encode(odd(from))}=${encode(odd(from))}` };
  const names = Object.keys(json);
  const name = from.below(5) === 0 ? odd(from) : (names[from.below(names.length)] ?? '');
  const inner = json[name];
  if (typeof inner !== 'object' || inner === null || from.below(2) === 0)
    return { ...message, json: { ...json, [name]: oddValue(from) } };
  return {
    ...message,
    json: {
      ...json,
      [name]: { ...inner, keys: [{ kty: oddValue(from), kid: oddValue(from), n: odd(from), e: 'AQAB' }] },
    },
  };
}

/** A token that is signed rightly over something odd. */
const spoilToken: Spoil = async (message, from) => {
  const { keys, operator, world } = target;
  const iat = Math.floor(world.clock.now);
  const change = { [from.pick(CLAIMS)]: oddValue(from), [odd(from)]: oddValue(from) };
  const web = {
    iss: 'dev:fleet:web',
    sub: 'dev:fleet:web',
    aud: 'https://tx.example.test',
    jti: from.text(20),
    iat,
    exp: iat + 60,
  };
  if (message.form !== undefined) {
    const isSubject = from.below(2) === 0 && message.form['subject_token'] !== undefined;
    const token = await sign(
      { ...web, ...(isSubject && { iss: 'https://idp.example.test', client_id: 'login-client' }), ...change },
      isSubject ? keys.idp : keys.client,
    );
    return { ...message, form: { ...message.form, [isSubject ? 'subject_token' : 'client_assertion']: token } };
  }
  const claims = { iss: 'chief', sub: 'chief', aud: 'https://tx.example.test/admin', iat, exp: iat + 60, ...change };
  if (message.json?.['software_statement'] === undefined)
    return {
      ...message,
      headers: { ...message.headers, authorization: `Bearer ${(await sign(claims, operator)).slice(0, 20_000)}` },
    };
  const policies = { appId: 'dev:fleet:new-api', accessPolicyInbound: ['dev:fleet:web'], accessPolicyOutbound: [] };
  const stated = { ...policies, aud: 'https://tx.example.test', jti: from.text(20), exp: iat + 60, ...change };
  return { ...message, json: { ...message.json, software_statement: await sign(stated, operator) } };
};

const spoilHeader: Spoil = (message, from) => ({
  ...message,
  headers: { ...message.headers, [from.pick(HEADERS)]: headerText(odd(from)) },
});
const spoilPath: Spoil = (message, from) => {
  const parts = message.path.split('/');
  parts[1 + from.below(parts.length - 1)] = encode(odd(from));
  return { ...message, path: parts.join('/') };
};
const spoilMethod: Spoil = (message, from) => ({ ...message, method: from.pick(METHODS) });
const SPOILS: readonly [Spoil, ...Spoil[]] = [
  spoilForm,
  ...Array<Spoil>(6).fill(spoilForm),
  ...Array<Spoil>(3).fill(spoilToken),
  spoilHeader,
  spoilHeader,
  spoilPath,
  spoilMethod,
];

function spoilBytes(body: Buffer, from: Random): Buffer {
  const below = (end: number): number => from.below(end);
  if (below(8) > 0 || body.length === 0) return body;
  const changed = Buffer.from(body);
  for (let times = 1 + below(4); times > 0; times -= 1) changed[below(changed.length)] = below(256);
  return below(2) === 0 ? changed : changed.subarray(0, below(changed.length));
}

async function spoilt(): Promise<Spoilt> {
  const [first, ...rest] = target.templates;
  if (first === undefined) throw new Error('nothing to spoil');
  let message = await random.pick([first, ...rest]).make();
  for (let times = 1 + random.below(3); times > 0; times -= 1) message = await random.pick(SPOILS)(message, random);
  return { message, body: spoilBytes(bodyOf(message), random) };
}

function faultOf({ message, body }: Spoilt, { status, text }: Reply): string | undefined {
  const leak = STACK.exec(text)?.[0];
  const sent = `${message.path} ${JSON.stringify(message.headers)} ${body.toString('latin1')}`;
  if (status < 500 && (leak === undefined || sent.includes(leak))) return undefined;
  const written = `${message.method} ${message.path}\n${JSON.stringify(message.headers)}\n\n${body.toString('latin1')}`;
  return `${status} ${text.slice(0, 300)} to\n${written.slice(0, 3000)}`;
}

test('T60 X15: what is spoilt at the exchange was answered as it should be before', async () => {
  const told: (readonly [string, number])[] = [];
  for (const { name, make } of target.templates) told.push([name, (await target.send(await make())).status]);
  assert.deepEqual(
    told,
    target.templates.map(({ name, status }) => [name, status]),
  );
});

test(`T60 X15: ${REQUESTS} spoilt requests make no endpoint of the exchange fail or tell its insides, seed ${seed}`, async () => {
  const { world } = target;
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    // A second passes each time, so that no bucket of failures is ever the reason.
    world.clock.now += 1;
    const batch = await Promise.all(Array.from({ length: AT_ONCE }, spoilt));
    await Promise.all(
      batch.map(async (each) => {
        const reply = await target.send(each.message, each.body);
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
        assert.equal(faultOf(each, reply), undefined);
      }),
    );
    const failed = world.events.splice(0).filter((event) => event.event === 'exchange' && event.outcome === 'failed');
    assert.deepEqual(failed, []);
  }
  assert.equal(statuses.get(429) ?? 0, 0, 'every one was looked at');
  assert.ok(
    (statuses.get(200) ?? 0) > REQUESTS / 50 && (statuses.get(400) ?? 0) > REQUESTS / 10,
    JSON.stringify([...statuses]),
  );
  for (const { make, status } of target.templates) assert.equal((await target.send(await make())).status, status);
});
