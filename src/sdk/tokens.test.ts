import assert from 'node:assert/strict';
import test from 'node:test';
import { makeKeys, mint, START } from './testing/fixtures.ts';
import { MACHINE } from './testing/open-tokens.ts';
import { ENV, setup } from './testing/sidecar-tokens.ts';

const keys = await makeKeys();

test('asks the sidecar with exactly the fields of its contract (3.2)', async (t) => {
  const { tokens, sent } = setup(t);
  const user = await mint({ iss: 'x', iat: START, exp: START + 600 }, keys.issuer);
  await tokens.machineOrThrow(MACHINE);
  await tokens.machineOrThrow({
    provider: 'maskinporten',
    target: 'a:b',
    resource: 'https://api.example',
    authorizationDetails: [{ type: 'x' }],
    fresh: true,
  });
  await tokens.onBehalfOfOrThrow({ provider: 'tokenx', target: 'local:fleet:register', user });
  assert.deepEqual(sent, [
    { url: ENV.NAIS_TOKEN_ENDPOINT, body: { identity_provider: 'entra_id', target: 'local:fleet:register' } },
    {
      url: ENV.NAIS_TOKEN_ENDPOINT,
      body: {
        identity_provider: 'maskinporten',
        target: 'a:b',
        resource: 'https://api.example',
        authorization_details: [{ type: 'x' }],
        skip_cache: true,
      },
    },
    {
      url: ENV.NAIS_TOKEN_EXCHANGE_ENDPOINT,
      body: { identity_provider: 'tokenx', target: 'local:fleet:register', user_token: user },
    },
  ]);
});

test('fresh passes by what is kept here as well, and what comes is kept for all others (5.4)', async (t) => {
  const { tokens, sent } = setup(t);
  const user = await mint({ iss: 'x', iat: START, exp: START + 600 }, keys.issuer);
  const exchange = { provider: 'tokenx', target: 'local:fleet:register', user } as const;
  const asked = [
    await tokens.machineOrThrow(MACHINE),
    await tokens.machineOrThrow({ ...MACHINE, fresh: true }),
    await tokens.machineOrThrow(MACHINE),
    await tokens.onBehalfOfOrThrow(exchange),
    await tokens.onBehalfOfOrThrow({ ...exchange, fresh: true }),
    await tokens.onBehalfOfOrThrow(exchange),
  ];
  assert.deepEqual(
    asked.map(({ token, fromCache }) => [token.reveal(), fromCache]),
    [
      ['t1', false],
      ['t2', false],
      ['t2', true],
      ['t3', false],
      ['t4', false],
      ['t4', true],
    ],
  );
  assert.deepEqual(
    sent.map(({ body }) => body['skip_cache']),
    [undefined, true, undefined, true],
  );
});

test('a token is served again for 60 seconds at most, and its end stays where it is (5.4)', async (t) => {
  const { tokens, clock, sent } = setup(t);
  const first = await tokens.machineOrThrow(MACHINE);
  clock.now += 59;
  const second = await tokens.machineOrThrow(MACHINE);
  assert.deepEqual([first.fromCache, second.fromCache, second.expiresAt], [false, true, first.expiresAt]);
  assert.equal(second.token.reveal(), 't1');
  clock.now += 1;
  assert.equal((await tokens.machineOrThrow(MACHINE)).token.reveal(), 't2');
  assert.equal(sent.length, 2);
});

test('an exchanged token is forgotten when the user token ends (2.7)', async (t) => {
  const { tokens, clock, sent } = setup(t);
  const user = await mint({ iss: 'x', iat: START, exp: START + 10 }, keys.issuer);
  const ask = { provider: 'tokenx', target: 'a', user } as const;
  await tokens.onBehalfOfOrThrow(ask);
  clock.now += 9;
  await tokens.onBehalfOfOrThrow(ask);
  assert.equal(sent.length, 1);
  clock.now += 1;
  await tokens.onBehalfOfOrThrow(ask);
  assert.equal(sent.length, 2);
});

test('L2: many who ask at once make one request; one that stops waiting leaves the others alone', async (t) => {
  const made = setup(t);
  const gate = Promise.withResolvers<Response>();
  made.answer = () => gate.promise;
  const controller = new AbortController();
  const quitter = made.tokens.machine({ ...MACHINE, signal: controller.signal });
  const others = Array.from({ length: 199 }, () => made.tokens.machine(MACHINE));
  controller.abort();
  const left = await quitter;
  assert.equal(!left.ok && left.error.kind, 'aborted');
  gate.resolve(Response.json({ access_token: 'x', token_type: 'Bearer', expires_in: 60 }));
  assert.ok((await Promise.all(others)).every(({ ok }) => ok));
  assert.equal(made.sent.length, 1);
});

test('events tell what was acquired and never hold the token', async (t) => {
  const { tokens, events } = setup(t);
  await tokens.machineOrThrow(MACHINE);
  await tokens.machineOrThrow(MACHINE);
  assert.deepEqual(events, [
    { event: 'token.acquired', provider: 'entra_id', target: MACHINE.target, fromCache: false },
    { event: 'token.acquired', provider: 'entra_id', target: MACHINE.target, fromCache: true },
  ]);
});
