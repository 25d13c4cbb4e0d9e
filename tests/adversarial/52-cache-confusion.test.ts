import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { tokensFromEnv } from '../../src/sdk/tokens.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestSidecar } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import type { Random } from './scale.ts';
import { createPool, LIVES, questionOf, read, TEXTS, windowOf, write } from './52-questions.ts';

/** Over HTTP, each miss with a signature; a million steps are those of the cache models. */
const ROUNDS = isFull ? 100_000 : 1000;
const seed = drawSeed();
const keys = await makeKeys();

interface Bench {
  readonly sidecar: TestSidecar;
  readonly provider: FakeProvider;
  readonly random: Random;
  /** Whether the issuer refuses now. */
  failing: boolean;
}

async function bench(t: TestContext): Promise<Bench> {
  const random = createRandom(seed);
  const provider = await startProvider(t, keys);
  // Calls are counted here: none may come in between.
  const env = { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_REFRESH_AHEAD: 'false' };
  const sidecar = await startSidecar(t, env);
  const made: Bench = { sidecar, provider, random, failing: false };
  provider.answer = (number) => {
    if (made.failing) return json(400, { error: 'invalid_target', error_description: 'no' });
    const life = random.pick(LIVES);
    const form = provider.forms[number - 1] ?? new URLSearchParams();
    const said = { question: questionOf(form), number, at: sidecar.clock.now, life };
    return json(200, { access_token: write(said), token_type: 'Bearer', expires_in: life });
  };
  return made;
}

test(`T52 the sidecar gives a cached token only for exactly the question it answered, and only in its time: ${ROUNDS} questions, seed ${seed}`, async (t) => {
  const made = await bench(t);
  const { sidecar, provider, random } = made;
  const next = createPool(random);
  let hits = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    sidecar.clock.now += random.pick([0, 0, 0, 0, 0, 0, 1, 3, 7, 61]);
    made.failing = random.below(20) === 0;
    const { path, fields } = next();
    const skip = random.below(10) === 0;
    const before = provider.forms.length;
    const answer = await sidecar.post(path, { ...fields, ...(skip ? { skip_cache: true } : {}) });
    const body = (await answer.json()) as Record<string, unknown>;
    const asked = JSON.stringify({ path, fields });
    const called = provider.forms.length - before;
    if (answer.status !== 200) {
      assert.ok(made.failing && called === 1, `${asked}: ${JSON.stringify(body)}`);
      continue;
    }
    const said = read(body['access_token']);
    assert.deepEqual(said.question, { path, fields }, asked);
    assert.equal(body['expires_in'], said.at + said.life - sidecar.clock.now, asked);
    assert.equal(called, said.number > before ? 1 : 0);
    if (called === 1) continue;
    hits += 1;
    assert.ok(!skip, 'skip_cache asks anew');
    assert.ok(sidecar.clock.now < said.at + windowOf(said.life), `stale: ${asked}`);
  }
  assert.ok(hits > ROUNDS / 20, `only ${hits} hits: the test does not test much`);
});

test('T52 spellings of one Entra target are one question, spellings of others are not', async (t) => {
  const { sidecar, provider } = await bench(t);
  const ask = async (fields: object): Promise<number> => {
    const answer = await sidecar.post('/token', fields);
    assert.equal(answer.status, 200);
    return provider.forms.length;
  };
  await ask({ identity_provider: 'entra_id', target: 'local:fleet:api' });
  assert.equal(await ask({ identity_provider: 'azuread', target: 'api://local.fleet.api/.default' }), 1);
  assert.equal(await ask({ identity_provider: 'entra_id', target: 'local:fleet:API' }), 2);
  assert.equal(await ask({ identity_provider: 'maskinporten', target: 'api://local.fleet.api/.default' }), 3);
  assert.equal(
    await ask({ identity_provider: 'maskinporten', target: 'a', authorization_details: [{ a: 1, b: 2 }] }),
    4,
  );
  assert.equal(
    await ask({ identity_provider: 'maskinporten', target: 'a', authorization_details: [{ b: 2, a: 1 }] }),
    4,
  );
  assert.equal(
    await ask({ identity_provider: 'maskinporten', target: 'a', authorization_details: '[{"b":2,"a":1}]' }),
    4,
  );
});

test('T52 a crowd with one question makes one call, and one with many makes one each', async (t) => {
  const { sidecar, provider } = await bench(t);
  const waiting: (() => void)[] = [];
  provider.answer = async (number) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    const said = {
      question: questionOf(provider.forms[number - 1] ?? new URLSearchParams()),
      number,
      at: 0,
      life: 3600,
    };
    return json(200, { access_token: write(said), token_type: 'Bearer', expires_in: 3600 });
  };
  const users = TEXTS.slice(0, 4);
  const crowd = Array.from({ length: 100 }, async (_each, index) => {
    const fields = { identity_provider: 'tokenx', target: 'a', user_token: users[index % users.length] };
    const body = (await (await sidecar.post('/token/exchange', fields)).json()) as Record<string, unknown>;
    assert.deepEqual(read(body['access_token']).question, { path: '/token/exchange', fields });
  });
  while (waiting.length < users.length) await new Promise((resolve) => setImmediate(resolve));
  for (const leave of waiting) leave();
  await Promise.all(crowd);
  assert.equal(provider.forms.length, users.length);
});

test('T52 a failure is told to those who waited for it, and never kept', async (t) => {
  const made = await bench(t);
  const fields = { identity_provider: 'entra_id', target: 'a' };
  made.failing = true;
  for (let round = 1; round <= 3; round += 1) {
    assert.equal((await made.sidecar.post('/token', fields)).status, 400);
    assert.equal(made.provider.forms.length, round);
  }
  made.failing = false;
  assert.equal((await made.sidecar.post('/token', fields)).status, 200);
});

/** A sidecar that says what it was asked, for the library in front of it. */
async function startEcho(
  t: TestContext,
  now: () => number,
  random: Random,
): Promise<{ origin: string; calls(): number; failing: boolean }> {
  let calls = 0;
  const made = { origin: '', calls: () => calls, failing: false };
  const listener = await serve({
    name: 'echo',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: async (request) => {
      calls += 1;
      if (made.failing) return json(400, { error: 'invalid_target', error_description: 'no' });
      const { skip_cache: _, ...fields } = JSON.parse((await request.body()).toString()) as Record<string, unknown>;
      const life = random.pick(LIVES);
      const question = { path: request.path.replace('/api/v1', ''), fields };
      return json(200, {
        access_token: write({ question, number: calls, at: now(), life }),
        token_type: 'Bearer',
        expires_in: life,
      });
    },
  });
  t.after(() => listener.close(0));
  made.origin = listener.origin;
  return made;
}

test(`T52 the library gives a cached token only for exactly the question it answered, and only in its time: ${ROUNDS} questions, seed ${seed}`, async (t) => {
  const clock = { now: 1_800_000_000 };
  const random = createRandom(seed);
  const echo = await startEcho(t, () => clock.now, random);
  const env = {
    NAIS_TOKEN_ENDPOINT: `${echo.origin}/api/v1/token`,
    NAIS_TOKEN_EXCHANGE_ENDPOINT: `${echo.origin}/api/v1/token/exchange`,
  };
  const tokens = tokensFromEnv({ env, clock: () => clock.now });
  t.after(() => tokens.close());
  const next = createPool(random);
  let hits = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    clock.now += random.pick([0, 0, 0, 0, 0, 0, 1, 3, 7, 61]);
    echo.failing = random.below(20) === 0;
    const fresh = random.below(10) === 0;
    const question = next();
    const before = echo.calls();
    const {
      identity_provider: provider,
      target,
      user_token: user,
      resource,
      authorization_details: details,
    } = question.fields;
    const asked = { provider, target, fresh, user, resource, authorizationDetails: details } as never;
    const got = question.path === '/token' ? await tokens.machine(asked) : await tokens.onBehalfOf(asked);
    const called = echo.calls() - before;
    if (!got.ok) {
      assert.ok(echo.failing && called === 1, `${JSON.stringify(question)}: ${got.error.message}`);
      continue;
    }
    const said = read(got.token.reveal());
    assert.deepEqual(said.question, question);
    assert.equal(got.expiresAt, said.at + said.life);
    assert.equal(got.fromCache, called === 0);
    if (called === 1) continue;
    hits += 1;
    assert.ok(!fresh);
    assert.ok(clock.now < said.at + windowOf(said.life), `stale: ${JSON.stringify(question)}`);
  }
  assert.ok(hits > ROUNDS / 20, `only ${hits} hits: the test does not test much`);
});

test('T52 the library makes one call for a crowd, and keeps no failure', async (t) => {
  const clock = { now: 1_800_000_000 };
  const echo = await startEcho(t, () => clock.now, createRandom(seed));
  const env = {
    NAIS_TOKEN_ENDPOINT: `${echo.origin}/api/v1/token`,
    NAIS_TOKEN_EXCHANGE_ENDPOINT: `${echo.origin}/api/v1/token/exchange`,
  };
  const tokens = tokensFromEnv({ env, clock: () => clock.now });
  t.after(() => tokens.close());
  const ask = { provider: 'entra_id', target: 'a' } as const;
  echo.failing = true;
  const failed = await Promise.all(Array.from({ length: 50 }, () => tokens.machine(ask)));
  assert.ok(failed.every(({ ok }) => !ok));
  assert.equal(echo.calls(), 1);
  echo.failing = false;
  const got = await Promise.all(Array.from({ length: 50 }, () => tokens.machine(ask)));
  assert.ok(got.every(({ ok }) => ok));
  assert.equal(echo.calls(), 2);
});
