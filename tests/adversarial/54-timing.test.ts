import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, test } from 'node:test';
import express from 'express';
import {
  createTestKeys,
  createWorld,
  defaultData,
  FORM,
  ISSUER,
  START,
  testApp,
  testClient,
} from '../../src/exchange/testing/world.ts';
import type { Answer, Change, TestKeys, World } from '../../src/exchange/testing/world.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { protect } from '../../src/sdk/express.ts';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START as SDK_START } from '../../src/sdk/testing/fixtures.ts';
import { anyPrincipal, fromEnv } from '../../src/sdk/index.ts';
import type { Fullmakt } from '../../src/sdk/index.ts';
import { loopbackFetch } from '../loopback.ts';
import { isFull } from './scale.ts';

const SAMPLES = isFull ? 100_000 : 400;

/** Measurements that have to be unlike, one and all, before it is the programs that are. */
const TRIES = 6;

/** A quarter are quicker than this: what else the machine does makes work slower, and most of it some of the time only. */
const lowerQuartile = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? 0;

type Kinds = Readonly<Record<string, () => unknown>>;
type Measured = readonly (readonly [string, number])[];

/** What kinds of work take in milliseconds, done in turn, so that whatever else the machine does befalls all alike. */
async function measure(kinds: Kinds, samples: number): Promise<Measured> {
  const times = Object.entries(kinds).map(([name, work]) => ({ name, work, taken: [] as number[] }));
  for (let round = 0; round < samples; round += 1) {
    for (const { work, taken } of round % 2 === 0 ? times : times.toReversed()) {
      const started = performance.now();
      await work();
      taken.push(performance.now() - started);
    }
  }
  return times.map(({ name, taken }) => [name, lowerQuartile(taken)] as const);
}

function isAlike(measured: Measured): boolean {
  const all = measured.map(([, time]) => time);
  return Math.max(...all) < 1.6 * Math.min(...all) + 0.02;
}

/**
 * A smoke test: a step of some length that is left out makes every measurement unlike, by far more than this. A loaded
 * machine does it to fewer than one in fifty, hence to six in a row less than once in ten thousand million runs.
 */
async function assertAlike(kinds: Kinds): Promise<void> {
  const told: string[] = [];
  while (told.length < TRIES) {
    const measured = await measure(kinds, SAMPLES);
    if (isAlike(measured)) return;
    told.push(measured.map(([name, time]) => `${name} ${time.toFixed(3)} ms`).join(', '));
  }
  assert.fail(told.join('\n'));
}

let keys: TestKeys;
let world: World;
let auth: Fullmakt;

before(async () => {
  keys = await createTestKeys();
  const base = defaultData(keys);
  const off = testApp('off', { state: 'disabled' });
  const data = { apps: [...base.apps, off], clients: [...base.clients, testClient('off', [publicJwk(keys.client)])] };
  world = await createWorld({ keys, data });
});

after(async () => {
  auth?.close();
  await world.close();
});

const as = (name: string): Readonly<Record<string, unknown>> => ({
  iss: `dev:fleet:${name}`,
  sub: `dev:fleet:${name}`,
});

async function ask(change: Change): Promise<Answer> {
  world.clock.now += 1;
  return world.exchange({ client_assertion: await world.assertion(change), subject_token: 'x' });
}

/** What a stranger sees of an answer, without what differs from one request to the next. */
function outward({ status, headers, text }: Answer): string {
  const { date: _, 'x-correlation-id': __, ...rest } = headers;
  return JSON.stringify({ status, rest, text: text.replaceAll(/server time \d+|exp \d+|iat \d+/g, '') });
}

test('T54 the exchange tells nobody which clients there are, and not what was wrong with their proof', async () => {
  const forged = { ...keys.stranger, kid: keys.client.kid };
  const es256 = await generatePrivateJwk('ES256', keys.client.kid);
  const answers = await Promise.all([
    ask({ claims: as('web'), key: forged }),
    ask({ claims: as('web'), key: keys.stranger }),
    ask({ claims: as('web'), key: es256 }),
    ask({ claims: as('web'), key: { ...keys.client, alg: 'PS256' } }),
    ask({ claims: as('nobody') }),
    ask({ claims: as('nobody'), key: forged }),
    ask({ claims: as('nobody'), key: es256 }),
    ask({ claims: as('off') }),
    ask({ claims: as('off'), key: forged }),
    ask({ claims: { iss: 'dev:other:web', sub: 'dev:other:web' } }),
    ask({ claims: { iss: 'no app id', sub: 'no app id' } }),
  ]);
  assert.equal(new Set(answers.map(outward)).size, 1, answers.map(outward).join('\n'));
  assert.equal(answers[0]?.body['error'], 'invalid_client');
});

test('T54 whatever else is wrong with an assertion, the answer is the same for clients there are and there are not', async () => {
  const iat = START + 1000;
  const faults: readonly Change[] = [
    { claims: { aud: 'https://other.example.test' } },
    { claims: { aud: [ISSUER, 'x'] } },
    { claims: { exp: 1 } },
    { claims: { exp: iat + 100_000 } },
    { claims: { jti: '' } },
    { claims: { jti: undefined } },
    { claims: { nbf: iat + 100_000 } },
    { header: { typ: 'dpop+jwt' } },
    { header: { crit: ['x'] } },
  ];
  for (const { claims, header = {} } of faults) {
    const [known, unknown] = [
      await ask({ claims: { ...as('web'), ...claims }, header }),
      await ask({ claims: { ...as('nobody'), ...claims }, header }),
    ];
    assert.equal(outward(known), outward(unknown));
    assert.ok(known.status === 401, outward(known));
  }
});

test('T54 a proof has one signature verified, whether there is such a client or not: beside a whole request no clock shows it', async (t) => {
  const verified = t.mock.method(crypto, 'verify');
  syncBuiltinESMExports();
  t.after(() => {
    verified.mock.restore();
    syncBuiltinESMExports();
  });
  const forged = { ...keys.stranger, kid: keys.client.kid };
  for (const name of ['web', 'nobody', 'off']) {
    world.clock.now += 1;
    const assertion = await world.assertion({ claims: as(name), key: forged });
    const body = await world.form({ client_assertion: assertion, subject_token: 'x' });
    const made = verified.mock.callCount();
    assert.equal((await world.send('POST', '/token', { body, headers: FORM })).status, 401);
    assert.equal(verified.mock.callCount() - made, 1, name);
  }
});

test(`T54 a client that is unknown costs the exchange what a known one with a bad signature costs: ${SAMPLES} each`, async () => {
  const forged = { ...keys.stranger, kid: keys.client.kid };
  const send = (name: string): (() => Promise<void>) => {
    let body: string | undefined;
    return async () => {
      world.clock.now += 1;
      if (world.clock.now % 50 === 0) body = undefined;
      body ??= await world.form({
        client_assertion: await world.assertion({
          claims: { ...as(name), iat: undefined, exp: world.clock.now + 100 },
          key: forged,
        }),
        subject_token: 'x',
      });
      const { status } = await world.send('POST', '/token', { body: body ?? '', headers: FORM });
      assert.equal(status, 401);
    };
  };
  await assertAlike({ known: send('web'), unknown: send('nobody'), disabled: send('off') });
});

test(`T54 a signature that is wrong at its start takes the library as long as one that is wrong at its end: ${SAMPLES} each`, async () => {
  const sdk = await makeKeys();
  auth = fromEnv({
    env: ENV,
    fetch: keyFetch(sdk).fetch,
    clock: () => SDK_START,
    maskinporten: { requiredScope: 'fleet:read' },
  });
  await auth.ready();
  const good = await mint(CLAIMS['tokenx-user'], sdk.issuer);
  assert.ok(auth.validateSync(good).ok);
  const [input, signature] = [
    good.slice(0, good.lastIndexOf('.')),
    Buffer.from(good.slice(good.lastIndexOf('.') + 1), 'base64url'),
  ];
  const flipped = (at: number): string => {
    const bytes = Buffer.from(signature);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return `${input}.${bytes.toString('base64url')}`;
  };
  const judge =
    (token: string): (() => void) =>
    () =>
      assert.equal(auth.validateSync(token).ok, false);
  const kinds = { first: judge(flipped(8)), middle: judge(flipped(128)), last: judge(flipped(255)) };
  await measure(kinds, 50);
  await assertAlike(kinds);
});

test('T54 an app protected by the library answers every bad token alike', async (t) => {
  const sdk = await makeKeys();
  const guard = fromEnv({
    env: ENV,
    fetch: keyFetch(sdk).fetch,
    clock: () => SDK_START,
    maskinporten: { requiredScope: 'fleet:read' },
  });
  const app = express();
  app.get('/', protect(guard, anyPrincipal), (_request, response) => void response.end('in'));
  const server = app.listen(0, '127.0.0.1');
  t.after(() => {
    guard.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise((resolve) => (server.listening ? resolve(undefined) : server.once('listening', resolve)));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const claims = CLAIMS['tokenx-user'];
  const good = await mint(claims, sdk.issuer);
  const tokens = [
    await mint(claims, sdk.stranger),
    await mint(claims, sdk.ec),
    // Only who has a genuine token is told that it is over.
    await mint({ ...claims, iat: SDK_START - 900, nbf: SDK_START - 900, exp: SDK_START - 300 }, sdk.stranger),
    await mint({ ...claims, nbf: SDK_START + 1000 }, sdk.issuer),
    await mint({ ...claims, aud: 'another' }, sdk.issuer),
    await mint({ ...claims, iss: 'https://another.example.test' }, sdk.issuer),
    await mint({ ...claims, sub: 7 }, sdk.issuer),
    await mint(claims, sdk.issuer, { typ: 'logout+jwt' }),
    await mint(claims, sdk.issuer, { crit: ['x'] }),
    `${good}x`,
    'a.b.c',
  ];
  const seen = new Set<string>();
  const answer = async (token: string): Promise<string> => {
    const response = await loopbackFetch(`http://127.0.0.1:${address.port}/`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const headers = [...response.headers].filter(([name]) => !['date', 'keep-alive', 'connection'].includes(name));
    return JSON.stringify([response.status, headers, await response.text()]);
  };
  assert.match(await answer(good), /^\[200,/);
  for (const token of tokens) seen.add(await answer(token));
  assert.equal(seen.size, 1, [...seen].join('\n'));
  assert.match([...seen][0] ?? '', /^\[401,.*invalid_token/);
});
