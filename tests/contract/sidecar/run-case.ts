import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Case, Exchange, Expectation, Json, ProviderScript, Step } from './case.ts';
import { checkUpstream } from './check-upstream.ts';
import { IDENTITIES } from './environment.ts';
import type { World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { match } from './match.ts';
import type { MatchContext } from './match.ts';
import type { Answered } from './send.ts';
import { sendRequest } from './send.ts';
import { resolve } from './templates.ts';
import type { Resolve } from './templates.ts';
import { mintToken } from './tokens.ts';

const AWAIT_MILLISECONDS = 8000;
const LOOK_MILLISECONDS = 10;

interface Scene {
  readonly world: World;
  readonly give: Resolve;
  readonly context: () => MatchContext;
}

/** Runs one case to its end, in a world whose provider has begun it. Throws AssertionError. */
export async function runCase(one: Case, world: World, blurSeconds: number): Promise<void> {
  const scene: Scene = { world, give: templatesOf(one, world), context: () => ({ now: world.now(), blurSeconds }) };
  for (const [index, step] of one.steps.entries()) await runStep(step, `step ${index}`, scene);
  await checkUpstream(one.upstream, {
    provider: world.provider,
    keys: world.keys,
    give: scene.give,
    context: scene.context(),
  });
}

/** What braces stand for in every case alike. */
export function constants({
  keys,
  origin,
  now,
}: {
  readonly keys: Keys;
  readonly origin: string;
  readonly now: () => number;
}): Resolve {
  const given = (name: string, argument = ''): string | undefined => {
    if (name === 'origin') return origin;
    if (name === 'repeat') return 'x'.repeat(Number(argument));
    if (name === 'now') return String(now() + Number(argument));
    if (name === 'date') return new Date((now() + Number(argument)) * 1000).toUTCString();
    if (name === 'private_jwk')
      return argument === 'ec' || argument === 'rsa' ? JSON.stringify(keys.clients[argument]) : undefined;
    const identity = IDENTITIES[argument];
    if (name === 'issuer') return identity && origin + identity.path;
    if (name === 'audience') return identity?.audience;
    return name === 'client' ? identity?.client : undefined;
  };
  return (name, argument) => Promise.resolve(given(name, argument));
}

/** A script with its templates filled in. */
export async function scriptFor(script: ProviderScript, give: Resolve): Promise<ProviderScript> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- resolving changes texts, never the shape
  return (await resolve(script as unknown as Json, give)) as unknown as ProviderScript;
}

/** Those, the case's own tokens, each minted once, and a word that no other run of a case has. */
function templatesOf(one: Case, world: World): Resolve {
  const { origin } = world.provider;
  const shared = constants({ keys: world.keys, origin, now: world.now });
  const minted = new Map<string, Promise<string>>();
  const word = `c${randomBytes(4).toString('hex')}`;
  const give: Resolve = async (name, argument = '') => {
    if (name === 'case') return word;
    const description = one.tokens[argument];
    if (name !== 'token' || description === undefined) return await shared(name, argument);
    const token = minted.get(argument) ?? mint(description);
    minted.set(argument, token);
    return await token;
  };
  const mint = async (description: Case['tokens'][string]): Promise<string> => {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- resolving changes texts, never the shape
    const ready = (await resolve(description as unknown as Json, shared)) as unknown as Case['tokens'][string];
    return await mintToken(ready, { keys: world.keys, origin, now: world.now() });
  };
  return give;
}

async function runStep(step: Step, at: string, scene: Scene): Promise<void> {
  const { world, give } = scene;
  const { provider, advance } = world;
  if (step.kind === 'exchange') return await (step.eventually ? until : exchange)([step], at, scene);
  if (step.kind === 'together') return await exchange(step.exchanges, at, scene);
  if (step.kind === 'provider') return world.provider.change(await scriptFor(step.script, give));
  if (step.kind === 'advance') {
    if (advance !== undefined) return advance(step.seconds);
    return await new Promise((done) => setTimeout(done, step.seconds * 1000));
  }
  const count = (): number => (step.what === 'token' ? provider.calls.length : provider.keySetCalls());
  if (step.kind === 'count') return match(count(), step.count, `${at}: requests for ${step.what}`, scene.context());
  const deadline = performance.now() + AWAIT_MILLISECONDS;
  while (count() < step.count && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
  }
  assert.equal(count(), step.count, `${at}: requests for ${step.what}`);
}

/** What happens in the background is seen a moment later than the provider sees it. */
async function until(exchanges: readonly Exchange[], at: string, scene: Scene): Promise<void> {
  const deadline = performance.now() + AWAIT_MILLISECONDS;
  for (;;) {
    try {
      return await exchange(exchanges, at, scene);
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || performance.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
    }
  }
}

async function exchange(exchanges: readonly Exchange[], at: string, scene: Scene): Promise<void> {
  const all = exchanges.flatMap((one) => Array.from({ length: one.times }, () => one));
  const answers = await Promise.all(
    all.map(async ({ request, expect }) => {
      // oxlint-disable-next-line typescript/consistent-type-assertions -- as above
      const ready = (await resolve(request as unknown as Json, scene.give)) as unknown as Exchange['request'];
      return { expect, answered: await sendRequest(scene.world.base, ready) };
    }),
  );
  for (const { expect, answered } of answers) await checkAnswer(answered, expect, at, scene);
}

async function checkAnswer(
  answered: Answered,
  expect: Expectation,
  at: string,
  { give, context }: Scene,
): Promise<void> {
  const compare = async (actual: unknown, expected: Json, what: string): Promise<void> =>
    match(actual, await resolve(expected, give), `${at}: ${what}`, context());
  await compare(answered.status, expect.status, `status, with ${answered.text.slice(0, 300)},`);
  for (const [name, expected] of Object.entries(expect.headers)) {
    const actual = answered.headers[name.toLowerCase()];
    if (expected === null) assert.equal(actual, undefined, `${at}: header ${name}`);
    else await compare(actual, expected, `header ${name}`);
  }
  if (expect.body !== undefined) await compare(parse(answered.text, at), expect.body, 'body');
  if (expect.text !== undefined) await compare(answered.text, expect.text, 'text');
  const limit = expect.withinMilliseconds ?? Number.POSITIVE_INFINITY;
  assert.ok(answered.milliseconds <= limit, `${at}: took ${answered.milliseconds} ms`);
}

function parse(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return assert.fail(`${at}: no JSON: ${text}`);
  }
}
