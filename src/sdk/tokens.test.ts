import assert from 'node:assert/strict';
import test from 'node:test';
import { makeKeys, mint, START } from './testing/fixtures.ts';
import type { SdkEvent } from './index.ts';
import { AcquireError, tokensFromEnv } from './tokens.ts';
import type { Tokens } from './tokens.ts';

const keys = await makeKeys();
const ENV = {
  NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token',
  NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token/exchange',
};
const MACHINE = { provider: 'entra_id', target: 'local:fleet:register' } as const;

interface Setup {
  readonly tokens: Tokens;
  readonly clock: { now: number };
  readonly sent: { readonly url: string; readonly body: Record<string, unknown> }[];
  readonly events: SdkEvent[];
  answer: () => Response | Promise<Response>;
}

function setup(t: test.TestContext, env: Record<string, string> = ENV): Setup {
  const clock = { now: START };
  const sent: Setup['sent'] = [];
  const events: SdkEvent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    assert.ok(typeof input === 'string' && typeof init?.body === 'string');
    sent.push({ url: input, body: JSON.parse(init.body) as Record<string, unknown> });
    return await made.answer();
  };
  const tokens = tokensFromEnv({ env, fetch, clock: () => clock.now, onEvent: (event) => events.push(event) });
  t.after(() => {
    tokens.close();
  });
  const made: Setup = {
    tokens,
    clock,
    sent,
    events,
    answer: () => Response.json({ access_token: `t${sent.length}`, token_type: 'Bearer', expires_in: 3600 }),
  };
  return made;
}

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

test('refusals keep the code and status of the provider and say what to do (providers.md 2.5)', async (t) => {
  const made = setup(t);
  const rows: readonly [
    status: number,
    error: string,
    headers: Record<string, string>,
    forUser: boolean,
    kind: string,
  ][] = [
    [400, 'invalid_request', {}, false, 'request'],
    [401, 'invalid_client', {}, false, 'credential'],
    [400, 'invalid_grant', {}, true, 'reauth'],
    [400, 'invalid_grant', {}, false, 'policy'],
    [400, 'invalid_grant', { 'fullmakt-refusal': 'policy' }, true, 'policy'],
    [403, 'forbidden', {}, false, 'policy'],
    [400, 'interaction_required', {}, true, 'reauth'],
    [503, 'server_error', { 'retry-after': '7' }, false, 'transient'],
    [429, 'slow_down', {}, false, 'transient'],
  ];
  for (const [status, error, headers, forUser, kind] of rows) {
    made.answer = () => Response.json({ error, error_description: 'why' }, { status, headers });
    const outcome = forUser
      ? await made.tokens.onBehalfOf({ ...MACHINE, user: 'u' })
      : await made.tokens.machine(MACHINE);
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.error.kind, outcome.error.oauthError, outcome.error.status], [kind, error, status]);
    assert.equal(outcome.error.retryAfterSeconds, headers['retry-after'] === undefined ? undefined : 7);
  }
});

test('what the environment lacks shows as not_configured, an absent sidecar as transient', async (t) => {
  const none = await setup(t, {}).tokens.machine(MACHINE);
  assert.ok(!none.ok);
  assert.equal(none.error.kind, 'not_configured');
  assert.match(none.error.message, /NAIS_TOKEN_ENDPOINT/);
  const made = setup(t);
  made.answer = () => Promise.reject(new TypeError('fetch failed'));
  await assert.rejects(made.tokens.machineOrThrow(MACHINE), (error) => {
    return error instanceof AcquireError && error.kind === 'transient';
  });
  made.answer = () => new Response('not json');
  const garbage = await made.tokens.machine(MACHINE);
  assert.equal(!garbage.ok && garbage.error.kind, 'transient');
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

test('an answer that is no bearer token, or has no end, is not handed on (3.4)', async (t) => {
  const made = setup(t);
  const good = { access_token: 'x', token_type: 'Bearer', expires_in: 60 };
  const bad: readonly object[] = [
    { ...good, access_token: '' },
    { ...good, token_type: 'DPoP' },
    { access_token: 'x', expires_in: 60 },
    { ...good, expires_in: -1 },
    { ...good, expires_in: 1.5 },
    { ...good, expires_in: '60' },
    { ...good, padding: 'x'.repeat(1024 * 1024) },
  ];
  for (const body of bad) {
    made.answer = () => Response.json(body);
    const outcome = await made.tokens.machine(MACHINE);
    assert.equal(outcome.ok ? 'a token' : outcome.error.kind, 'transient');
  }
});

function nobody(): never {
  assert.fail('nobody is asked');
}

test('a place of the sidecar that is none is not_configured and names its variable, not its value (8.2)', async (t) => {
  const user = 'token';
  for (const [value, told] of [
    ['', 'is not set'],
    ['127.0.0.1:7164', 'is not a URL'],
    ['sidecar', 'is not a URL'],
    ['ftp://127.0.0.1/token', 'has to be http or https'],
    ['http://me:canary@127.0.0.1:7164/api/v1/token', 'must not hold a user or a password'],
  ] as const) {
    for (const variable of ['NAIS_TOKEN_ENDPOINT', 'NAIS_TOKEN_EXCHANGE_ENDPOINT'] as const) {
      const tokens = tokensFromEnv({ env: { ...ENV, [variable]: value }, fetch: nobody, via: 'sidecar' });
      t.after(() => {
        tokens.close();
      });
      const outcome =
        variable === 'NAIS_TOKEN_ENDPOINT'
          ? await tokens.machine(MACHINE)
          : await tokens.onBehalfOf({ provider: 'tokenx', target: 'a:b:c', user });
      assert.ok(!outcome.ok);
      assert.deepEqual([outcome.error.kind, outcome.error.message], ['not_configured', `${variable} ${told}`]);
    }
  }
});

test('without a user there is an error of its own and no traffic, whatever stands in its place (5.4)', async (t) => {
  const { tokens, sent } = setup(t);
  for (const user of ['', undefined, null, 5]) {
    const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target: 'a:b:c', user: user as never });
    assert.ok(!outcome.ok && outcome.error.kind === 'request', String(user));
    assert.match(outcome.error.message, /`user`/);
  }
  assert.deepEqual(sent, []);
});
