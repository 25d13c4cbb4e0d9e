import assert from 'node:assert/strict';
import type { Agent } from 'node:http';
import type { Case, Exchange, FileChanges, Json, Load, Step } from './case.ts';
import { checkAnswer } from './check-answer.ts';
import { checkUpstream } from './check-upstream.ts';
import { scriptFor, templatesOf } from './constants.ts';
import type { World } from './implementation.ts';
import { underLoad } from './load.ts';
import { match, mismatch } from './match.ts';
import type { MatchContext } from './match.ts';
import { sendRequest } from './send.ts';
import { CaseFault } from './shape.ts';
import { changeFiles } from './surroundings.ts';
import { resolve } from './templates.ts';
import type { Resolve } from './templates.ts';

const AWAIT_MILLISECONDS = 20_000;
/** Where folders cannot be watched, as many programs at once may bring about, they are looked at every 30 s. */
const FOLDERS_MILLISECONDS = 40_000;
const LOOK_MILLISECONDS = 10;

/** A case does not hold. The message says which, where in it, what was expected and what came. */
export class CaseFailed extends Error {
  constructor({ file, id }: Pick<Case, 'file' | 'id'>, what: string) {
    super(`${file} ${id}, ${what}`);
    // Where the driver was when it noticed says nothing about the sidecar.
    this.stack = `${this.message}\n    at tests/contract/sidecar/${file}`;
  }
}

/** What a case is played in. */
interface Scene {
  readonly world: World;
  readonly give: Resolve;
  readonly context: () => MatchContext;
  /** How long what happens in the background may take. */
  readonly patienceMilliseconds: number;
}

/** Runs one case to its end, in a world whose provider has begun it. Throws CaseFailed. */
export async function runCase(one: Case, world: World, blurSeconds: number): Promise<void> {
  const scene: Scene = {
    world,
    give: templatesOf(one, world),
    context: () => ({ now: world.now(), blurSeconds }),
    patienceMilliseconds: Object.keys(one.files).length > 0 ? FOLDERS_MILLISECONDS : AWAIT_MILLISECONDS,
  };
  try {
    await runSteps(one.steps, '', scene);
    const { provider, keys } = world;
    await checkUpstream(one.upstream, { provider, keys, give: scene.give, context: scene.context() });
  } catch (error) {
    // The one message a person needs: which case, where in it, what was wanted and what came.
    throw error instanceof assert.AssertionError ? new CaseFailed(one, error.message) : error;
  }
}

async function runSteps(steps: readonly Step[], within: string, scene: Scene): Promise<void> {
  for (const [index, step] of steps.entries()) await runStep(step, `${within}step ${index}`, scene);
}

async function runStep(step: Step, at: string, scene: Scene): Promise<void> {
  const { world, give } = scene;
  const { provider, advance } = world;
  if (step.kind === 'exchange') return await (step.eventually ? until : exchange)([step], at, scene);
  if (step.kind === 'together') return await exchange(step.exchanges, at, scene);
  if (step.kind === 'provider') return world.provider.change(await scriptFor(step.script, give));
  if (step.kind === 'files') return await change(step.changes, at, scene);
  if (step.kind === 'load') return await load(step, at, scene);
  if (step.kind === 'advance') {
    if (advance !== undefined) return advance(step.seconds);
    return await new Promise((done) => setTimeout(done, step.seconds * 1000));
  }
  const what = `${at}: requests for ${step.what === 'token' ? 'tokens' : 'keys'}`;
  const count = (): number => (step.what === 'token' ? provider.calls.length : provider.keySetCalls());
  if (step.kind === 'await') {
    const deadline = performance.now() + AWAIT_MILLISECONDS;
    while (count() < step.count && performance.now() < deadline) await soon();
  }
  match(count(), step.count, what, scene.context());
}

function soon(): Promise<void> {
  return new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
}

async function change(changes: FileChanges, at: string, { world, give }: Scene): Promise<void> {
  const folder = await world.surroundings?.folder();
  if (folder === undefined) throw new CaseFault(`${at}: there is no folder to change`);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- resolving changes texts, never the shape
  await changeFiles(folder, (await resolve(changes as unknown as Json, give)) as unknown as FileChanges, at);
}

function load({ steps, ...many }: Load, at: string, scene: Scene): Promise<void> {
  const ask = (one: Exchange, agent: Agent): Promise<void> => exchange([one], `${at} under load`, scene, agent);
  return underLoad(many, ask, () => runSteps(steps, `${at}, `, scene));
}

/** What happens in the background is seen a moment later than the provider sees it. */
async function until(exchanges: readonly Exchange[], at: string, scene: Scene): Promise<void> {
  const deadline = performance.now() + scene.patienceMilliseconds;
  for (;;) {
    try {
      return await exchange(exchanges, at, scene);
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || performance.now() > deadline) throw error;
      await soon();
    }
  }
}

async function exchange(exchanges: readonly Exchange[], at: string, scene: Scene, agent?: Agent): Promise<void> {
  const { world, give, context } = scene;
  const all = exchanges.flatMap((one) => Array.from({ length: one.times }, () => one));
  const answers = await Promise.all(
    all.map(async ({ request, expect }) => {
      // oxlint-disable-next-line typescript/consistent-type-assertions -- as above
      const ready = (await resolve(request as unknown as Json, give)) as unknown as Exchange['request'];
      const where = ready.at === undefined ? '' : ` at ${ready.at}`;
      const place = { at: `${at}, ${ready.method} ${ready.path}${where}`, give };
      const answered = await sendRequest(world.base, ready, agent).catch((error: unknown) =>
        mismatch(error instanceof Error ? error.message : error, 'an answer', place.at),
      );
      return { expect, answered, place };
    }),
  );
  for (const { expect, answered, place } of answers)
    await checkAnswer(answered, expect, { ...place, context: context() });
}
