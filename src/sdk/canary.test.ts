import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { format, inspect } from 'node:util';
import { Hono } from 'hono';
import { createFetch } from './fetch.ts';
import { protect } from './hono.ts';
import { allOf, fromEnv, requireAcr, requireCaller, requireGroup, requireRole, requireScope } from './index.ts';
import type { Fullmakt } from './index.ts';
import { collectMetrics, collectSpans } from './telemetry/testing/collectors.ts';
import { createTestIssuer, createTestSidecar, fakeClock } from './testing.ts';
import type { TestIssuer, TokenKind } from './testing.ts';
import { createTokenHandle } from './token-handle.ts';
import { tokensFromEnv } from './tokens.ts';
import type { Tokens } from './tokens.ts';

const PID = '01819090285';
const KINDS: readonly TokenKind[] = ['entra-user', 'entra-machine', 'tokenx', 'idporten', 'maskinporten'];

/** Everything a run says, and every token that was in it. */
interface Watch {
  readonly tokens: Set<string>;
  readonly secrets: Set<string>;
  readonly said: string[];
  readonly say: (...values: readonly unknown[]) => void;
  readonly telemetry: { readonly trace: object; readonly metrics: object };
  /** The texts of which not one may have been said. */
  readonly hits: () => readonly string[];
}

/** An error or event in every way that it may be written down. */
function written(value: unknown): string {
  const plain = inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity });
  const json = JSON.stringify(value, (_, member: unknown) =>
    member instanceof Error ? Object.fromEntries(Object.entries(member)) : member,
  );
  const chain: string[] = [];
  for (let each: unknown = value; each instanceof Error; each = each.cause) chain.push(each.message, each.stack ?? '');
  return [plain, json, ...chain].join('\n');
}

function watch(): Watch {
  const said: string[] = [];
  const [tokens, secrets] = [new Set<string>(), new Set<string>()];
  const [spans, metrics] = [collectSpans(), collectMetrics()];
  return {
    tokens,
    secrets,
    said,
    say: (...values) => said.push(...values.map(written)),
    telemetry: { trace: spans.trace, metrics: metrics.metrics },
    hits: () => {
      const all = [...said, JSON.stringify(spans.spans()), JSON.stringify(metrics.read())].join('\n');
      const known = [...tokens].map((token) => token.split('.').slice(1).join(' ')).join(' ');
      return [
        ...longWords(all).filter((word) => pieces(word).some((piece) => known.includes(piece))),
        ...[...secrets, PID].filter((text) => all.includes(text)),
      ];
    },
  };
}

/** Words of what was said that are long enough to be of a token; each once. */
function longWords(text: string): readonly string[] {
  return [...new Set(text.match(/[\w-]{40,}/g))];
}

/** A shortened token is still one, and may hang on to other letters: pieces of 32 characters, one every eight. */
function pieces(word: string): readonly string[] {
  const count = Math.floor((word.length - 32) / 8) + 1;
  return Array.from({ length: count }, (_, at) => word.slice(at * 8, at * 8 + 32));
}

/** The application under test, with everything it may say watched. */
interface World extends Watch {
  readonly issuer: TestIssuer;
  readonly auth: Fullmakt;
  readonly mint: TestIssuer['mint'];
  readonly clock: ReturnType<typeof fakeClock>;
}

async function open(t: TestContext, explain: boolean): Promise<World> {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const watched = watch();
  const jwk: { d: string } = JSON.parse(issuer.env['AZURE_APP_JWK'] ?? '');
  watched.secrets.add(jwk.d);
  const auth = fromEnv({
    env: issuer.env,
    fetch: issuer.fetch,
    clock,
    explain,
    maskinporten: { requiredScope: 'test:data/read' },
    verifiedCache: {},
    telemetry: watched.telemetry,
    onEvent: watched.say,
  });
  t.after(() => auth.close());
  const mint: TestIssuer['mint'] = (...asked) => {
    const token = issuer.mint(...asked);
    watched.tokens.add(token);
    return token;
  };
  return { ...watched, issuer, auth, mint, clock };
}

function isHeaderText(token: string): boolean {
  return Array.from(token).every((letter) => letter >= ' ' && letter <= '~');
}

for (const explain of [false, true]) {
  test(`no token and no identity number is said while tokens are judged, ${explain ? 'explained' : 'unexplained'} (1, 8.2)`, async (t) => {
    const world = await open(t, explain);
    const { auth, issuer, mint, say } = world;
    const guard = allOf(requireCaller(), requireScope('s'), requireRole('r'), requireGroup('g'), requireAcr('high'));
    const app = new Hono();
    app.get('/', protect(auth, guard), (context) => context.text('ok'));
    issuer.fail('garbage');
    say(await auth.validate(mint('tokenx')), auth.validateSync(mint('idporten')), await auth.ready());
    issuer.fail('down');
    world.clock.advance(60);
    say(await auth.validate(mint('maskinporten')), await auth.ready());
    issuer.fail();
    world.clock.advance(600);
    for (const kind of KINDS) {
      const outcome = await auth.validate(mint(kind));
      assert.ok(outcome.ok, kind);
      say(outcome.principal.token, outcome.principal.caller);
      for (const each of [guard, requireScope('s'), requireRole('r'), requireGroup('g'), requireAcr('high')]) {
        const passed = auth.authorize(outcome.principal, each);
        if (!passed.ok) say(passed.error);
      }
      for (const { token } of issuer.refusals(kind)) {
        world.tokens.add(token);
        say(await auth.validateOrThrow(token).catch((error: unknown) => error));
        if (!isHeaderText(token)) continue;
        const answer = await app.request('/', { headers: { authorization: `Bearer ${token}` } });
        world.said.push([...answer.headers].join(), await answer.text());
      }
      say(await auth.authenticate({ headers: { authorization: [mint(kind), mint(kind)] } }, guard));
    }
    assert.ok(world.said.length > 1000 && world.tokens.size > 300, 'the test has seen something');
    assert.deepEqual(world.hits(), []);
    world.say(new Error('a bug', { cause: mint('tokenx').slice(0, -9) }));
    assert.notDeepEqual(world.hits(), [], 'and would have seen a token');
  });
}

/** Asks for every kind of token in every way, and says all there is. */
async function acquireAll(world: World, tokens: Tokens): Promise<void> {
  const target = 'dev:team-b:register';
  const users = [
    world.mint('idporten'),
    world.mint('idporten-id-token'),
    world.mint('tokenx', { expiresInSeconds: -60 }),
  ];
  for (const fresh of [false, true]) {
    for (const provider of ['entra_id', 'maskinporten'] as const) {
      note(world, await tokens.machine({ provider, target, fresh }));
      world.say(await tokens.machineOrThrow({ provider, target, fresh }).catch((error: unknown) => error));
    }
    for (const user of [...users, createTokenHandle(world.mint('idporten'))]) {
      note(world, await tokens.onBehalfOf({ provider: 'tokenx', target, user, fresh }));
    }
    note(world, await tokens.onBehalfOf({ provider: 'entra_id', target, user: world.mint('entra-user'), fresh }));
  }
}

function note(world: World, outcome: Awaited<ReturnType<Tokens['machine']>>): void {
  if (outcome.ok) world.tokens.add(outcome.token.reveal());
  world.say(outcome);
}

for (const via of ['sidecar', 'direct'] as const) {
  test(`no token, key or identity number is said while tokens are acquired, ${via} (1, 5.4, 8.2)`, async (t) => {
    const world = await open(t, true);
    const { issuer, clock, say, telemetry } = world;
    const sidecar = await createTestSidecar(issuer);
    const options = { clock, via, telemetry, onEvent: say };
    const tokens = tokensFromEnv(
      via === 'sidecar' ? { ...options, env: sidecar.env } : { ...options, env: issuer.env, fetch: issuer.fetch },
    );
    t.after(async () => {
      tokens.close();
      await sidecar.close();
    });
    await acquireAll(world, tokens);
    for (const how of ['garbage', 'error', 'down'] as const) {
      issuer.fail(how);
      await acquireAll(world, tokens);
      issuer.fail();
      clock.advance(120);
    }
    const register = createFetch(tokens, {
      origins: ['http://127.0.0.1:1'],
      as: 'user',
      provider: 'tokenx',
      target: 'a:b:c',
    });
    for (const user of [world.mint('idporten'), world.mint('idporten-id-token')]) {
      say(await register('http://127.0.0.1:1/case', { user }).catch((error: unknown) => error));
    }
    for (const request of issuer.requests)
      for (const [, value] of request.form) if (value.split('.').length === 3) world.tokens.add(value);
    assert.ok(world.said.length > 50 && world.tokens.size > 30, `${world.said.length}, ${world.tokens.size}`);
    assert.deepEqual(world.hits(), []);
  });
}

test('a token handle prints as [redacted] in every way of printing, and is no string (5)', () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5';
  const handle = createTokenHandle(token);
  const prints = [
    inspect(handle),
    inspect(handle, { depth: Infinity, showHidden: true, getters: true, customInspect: true }),
    format('%o %O %j', handle, handle, handle),
    JSON.stringify(handle),
    JSON.stringify({ nested: [handle] }),
    inspect({ nested: { deeper: [handle] } }, { depth: Infinity }),
    inspect(new Map([[handle, handle]])),
  ];
  for (const print of prints) assert.ok(print.includes('[redacted]') && !print.includes('eyJ'), print);
  for (const bare of [
    inspect(handle, { customInspect: false, showHidden: true, depth: Infinity }),
    JSON.stringify(Object.entries(handle)),
    JSON.stringify(structuredClone({ ...handle })),
    Reflect.ownKeys(handle).join(),
  ]) {
    assert.ok(!bare.includes('eyJ') && !bare.includes('canary'), bare);
  }
  const text = handle as unknown as string;
  const asString = [
    () => `Bearer ${text}`,
    () => 'Bearer '.concat(text),
    () => Reflect.apply(String, undefined, [handle]),
    () => ['Bearer', text].join(' '),
    () => Number(text),
    () => new URLSearchParams({ token: text }),
    () => new Headers({ authorization: text }),
    () => encodeURIComponent(text),
    () => format('%s', handle),
  ];
  for (const use of asString) assert.throws(use, TypeError, use.toString());
  assert.equal(handle.reveal(), token);
  assert.ok(Object.isFrozen(handle));
});
