import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { ORGNO } from '../../src/idp/testing/registrations.ts';
import { silent } from '../../src/observe/events.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { readSettings } from '../../src/settings.ts';
import { createSidecar } from '../../src/sidecar/app.ts';
import { sidecarSettings } from '../../src/sidecar/config.ts';
import { postJson } from '../post-json.ts';
import { run, startProviders } from '../strangers/providers.ts';
import type { Providers } from '../strangers/providers.ts';
import { app, client, rows } from '../strangers/rows.ts';
import { createSlowTime } from './slow-time.ts';
import { TROUBLES } from './troubles.ts';

/* What an application gets from its sidecar when Maskinporten misbehaves. */

const SCOPE = 'demo:feed/read';
const LIFE_SECONDS = 120;
const DAY_SECONDS = 24 * 60 * 60;
const clock = { now: 1_800_000_000 };
const now = (): number => clock.now;
const slow = createSlowTime();
const asked: string[] = [];
let providers: Providers;
let sidecar: string;
let stop: () => Promise<void>;

before(async () => {
  const jwk = await generatePrivateJwk('RS256', 'client-key');
  const registration = { provider: 'maskinporten', orgno: ORGNO, scopes: [SCOPE] } as const;
  const scope = { owner: app('api'), ownerOrgno: '310000027', enabled: true, accessibleForAll: true };
  providers = await startProviders(
    rows([client('feed', 'feed-id', { keys: [publicJwk(jwk)], registration })], {
      scopes: [{ ...scope, name: SCOPE, consumers: [], atMaxAge: LIFE_SECONDS }],
    }),
    ['maskinporten'],
    { now, wait: slow.wait },
  );
  const read = readSettings(sidecarSettings, {
    BIND_ADDRESS: '127.0.0.1:0',
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    MASKINPORTEN_ENABLED: 'true',
    MASKINPORTEN_CLIENT_ID: 'feed-id',
    MASKINPORTEN_CLIENT_JWK: JSON.stringify(jwk),
    MASKINPORTEN_WELL_KNOWN_URL: `${providers.issuers.maskinporten}.well-known/oauth-authorization-server`,
  });
  assert.ok(read.ok);
  const fetch = (url: string, init?: RequestInit): Promise<Response> => {
    asked.push(new URL(url).pathname);
    return providers.fetch(url, init);
  };
  const program = await createSidecar(read.settings, { fetch, now, emit: silent });
  const running = await run(program);
  sidecar = running.listeners[0]?.origin ?? '';
  stop = running.stop;
});

after(async () => {
  await stop?.();
  await providers?.close();
});

beforeEach(async () => {
  await providers.control('DELETE', '/v1/faults');
  asked.length = 0;
  // Past every token that was handed out, and past every pause after a failure.
  clock.now += LIFE_SECONDS + 60;
});

async function switchOn(fault: string, times = 1, endpoint?: string): Promise<void> {
  const answer = await providers.control('POST', '/v1/faults', { persona: 'maskinporten', fault, times, endpoint });
  assert.equal(answer.status, 201, await answer.text());
}

async function post(path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await postJson(`${sidecar}/api/v1/${path}`, body);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- answers of the sidecar are objects
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function ask(): ReturnType<typeof post> {
  return post('token', { identity_provider: 'maskinporten', target: SCOPE });
}

async function token(): Promise<string> {
  const { status, body } = await ask();
  assert.equal(status, 200, JSON.stringify(body));
  return String(body['access_token']);
}

async function judged(): Promise<Record<string, unknown>> {
  const answer = await post('introspect', { identity_provider: 'maskinporten', token: await token() });
  assert.equal(answer.status, 200);
  return answer.body;
}

function count(path: string): number {
  return asked.filter((each) => each === path).length;
}

describe('a token endpoint in trouble (sidecar-sdk 3.3, 3.4)', () => {
  for (const fault of TROUBLES) {
    test(`${fault} once: asked again with a fresh assertion, and the application gets its token`, async () => {
      await switchOn(fault, 1, 'token');
      assert.notEqual(await token(), '');
      assert.equal(count('/token'), 2);
    });
  }

  for (const [fault, status, error] of [
    ['token-5xx', 503, 'temporarily_unavailable'],
    ['token-5xx:502', 502, 'server_error'],
    ['html-500', 500, 'server_error'],
    ['reset', 500, 'server_error'],
    ['half-body', 500, 'server_error'],
  ] as const) {
    test(`${fault} for longer: ${status} ${error} after two tries, and a token when it is over`, async () => {
      await switchOn(fault, 0, 'token');
      const answer = await ask();
      assert.deepEqual([answer.status, answer.body['error']], [status, error]);
      assert.equal(count('/token'), 2);
      await providers.control('DELETE', '/v1/faults');
      clock.now += 60;
      assert.notEqual(await token(), '');
    });
  }

  test('token-5xx while a token is kept: the application gets that one', async () => {
    const old = await token();
    await switchOn('token-5xx', 0);
    assert.equal(await token(), old);
  });

  test('slow-token: given up after the five seconds of an attempt, and asked once more', async (t: TestContext) => {
    slow.rule(t);
    await switchOn('slow-token:5000');
    assert.notEqual(await token(), '');
    assert.equal(count('/token'), 2);
  });
});

describe('an access token that is wrong (sidecar-sdk 2.2)', () => {
  test('rotated-keys: active, by asking for the key document once more', async () => {
    // A key document that is too old is fetched before the answer; one that is only old, behind it, some time after.
    clock.now += DAY_SECONDS;
    assert.equal((await judged())['active'], true);
    clock.now += LIFE_SECONDS;
    asked.length = 0;
    await switchOn('rotated-keys');
    assert.equal((await judged())['active'], true);
    assert.deepEqual(asked, ['/token', '/jwk']);
  });

  for (const [fault, error] of [
    ['bad-sig', /InvalidSignature/],
    ['alg-none', /InvalidToken/],
    ['no-kid', /missing key id/],
    ['skew', /ImmatureSignature/],
    ['skew:-1000', /ExpiredSignature/],
    ['unpublished-key', /key|provider/i],
  ] as const) {
    test(`${fault}: introspection says that it is not active, and why`, async () => {
      await switchOn(fault);
      const { active, error: said } = await judged();
      assert.equal(active, false);
      assert.match(String(said), error);
    });
  }

  for (const seconds of [50, -50]) {
    test(`skew:${seconds}: active, within the 60 seconds that clocks may be apart`, async () => {
      await switchOn(`skew:${seconds}`);
      assert.equal((await judged())['active'], true);
    });
  }
});
