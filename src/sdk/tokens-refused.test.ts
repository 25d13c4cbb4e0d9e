import assert from 'node:assert/strict';
import test from 'node:test';
import { MACHINE } from './testing/open-tokens.ts';
import { ENV, setup } from './testing/sidecar-tokens.ts';
import { AcquireError, tokensFromEnv } from './tokens.ts';

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
