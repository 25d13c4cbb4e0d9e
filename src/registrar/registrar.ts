import { basename, join } from 'node:path';
import type { Emit } from '../observe/events.ts';
import type { AppId } from '../registry/app-id.ts';
import type { Registry } from '../registry/contract.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import type { App, Snapshot } from '../registry/model.ts';
import { applyDesired, makeNextKey, nextWishes } from './apply.ts';
import type { ApplyParts } from './apply.ts';
import type { RegistrarConfig } from './config.ts';
import { createCredentials, prepareStateFolder } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { createDirectorySource } from './directory.ts';
import type { DirectorySource, SourceRead } from './directory.ts';
import type { AppEnvironment } from './environment.ts';
import type { RegistrarEvent } from './events.ts';
import { foreignApps, foreignProblems, ownApps } from './foreign.ts';
import { guardDeletions } from './guard.ts';
import { immutableProblems } from './immutable.ts';
import { loadKeyWrapper } from './kek.ts';
import type { ApplyOutcome } from './outcome.ts';
import type { Platform } from './platform.ts';
import { problemAt } from './problem.ts';
import { createReporter } from './reporter.ts';
import type { Reporter } from './reporter.ts';
import { presentIn, validateTogether } from './validate.ts';
import type { AppProblem, ValidSet } from './validate.ts';
import { watchFolders } from './watch.ts';

/** Manifests in; clients, keys, grants, credentials and status out. */
export interface Registrar {
  /** Reads and applies once, then watches. Rejects when registry, key-encryption key or state folder cannot be used. */
  start(): Promise<ApplyOutcome>;
  /** As of the last apply; undefined for an unknown app. */
  environmentOf(app: AppId): AppEnvironment | undefined;
  /** Called after every later read that changed anything; the returned function ends it. */
  onApplied(listener: (outcome: ApplyOutcome) => void): () => void;
  /** Reads and applies now. */
  apply(): Promise<ApplyOutcome>;
  close(): Promise<void>;
}

/** What the registrar works with. `now` is seconds since the epoch; without `wrapper` the key in `<stateDir>/kek` is used. */
export interface RegistrarDeps {
  readonly registry: Registry;
  readonly now: () => number;
  readonly emit: Emit<RegistrarEvent>;
  readonly platform: Platform;
  readonly wrapper?: KeyWrapper;
}

interface Work {
  readonly parts: ApplyParts;
  readonly source: DirectorySource;
  readonly credentials: Credentials;
  readonly reporter: Reporter;
}

/** Makes a registrar over one folder of manifests. Nothing happens before `start`. Throws KeyEncryptionKeyUnusable. */
export function createRegistrar(config: RegistrarConfig, deps: RegistrarDeps): Registrar {
  prepareStateFolder(config.stateDir);
  const work = prepare(config, deps);
  const listeners = new Set<(outcome: ApplyOutcome) => void>();
  let queue: Promise<unknown> = Promise.resolve();
  let nextKeys: NodeJS.Timeout | undefined;
  let [isFirst, isClosed] = [true, false];
  let seen = '';
  const enqueue = <T>(step: () => Promise<T>): Promise<T> => {
    const result = queue.then(step);
    queue = result.catch(() => undefined);
    return result;
  };
  const failed = (cause: unknown): void => deps.emit({ event: 'apply.failed', cause });
  const apply = async (): Promise<ApplyOutcome> => {
    const { outcome, folders } = await applyOnce(work, isFirst && config.allowMassDelete);
    isFirst = false;
    if (!isClosed) watch.follow(folders);
    const lacking = await nextWishes(deps.registry);
    if (!isClosed && nextKeys === undefined && lacking.length > 0) scheduleNextKeys();
    return outcome;
  };
  // One at a time, so that neither a changed manifest nor the signing of tokens has to wait for all of them.
  const addNextKeys = async (): Promise<void> => {
    const key = isClosed ? undefined : await enqueue(() => makeNextKey(work.parts));
    if (key === undefined) return;
    const { app, provider, kid, state } = key;
    deps.emit({ event: 'key.created', app, provider, kid, state });
    await addNextKeys();
  };
  const scheduleNextKeys = (): void => {
    nextKeys = setTimeout(() => {
      nextKeys = undefined;
      addNextKeys().catch(failed);
    }, config.nextKeysAfterSeconds * 1000);
    nextKeys.unref();
  };
  const reapply = async (): Promise<void> => {
    const outcome = await apply();
    const { created, changed, removed, environments } = outcome;
    const before = seen;
    seen = findingsOf(outcome);
    const isQuiet = [created, changed, removed, environments].every((list) => list.length === 0);
    if (isQuiet && seen === before) return;
    for (const listener of listeners) listener(outcome);
  };
  const watch = watchFolders(() => {
    if (!isClosed) enqueue(reapply).catch(failed);
  }, config);
  return {
    start: async () => {
      const outcome = await enqueue(apply);
      seen = findingsOf(outcome);
      return outcome;
    },
    environmentOf: (app) => work.credentials.of(app),
    onApplied: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    apply: () => enqueue(apply),
    close: async () => {
      isClosed = true;
      clearTimeout(nextKeys);
      watch.close();
      await queue;
    },
  };
}

function prepare(config: RegistrarConfig, deps: RegistrarDeps): Work {
  const { registry, now, platform, emit } = deps;
  const wrapper = deps.wrapper ?? loadKeyWrapper(join(config.stateDir, 'kek'));
  const { dir, cluster, naisIdentityMode, entraTenants, entraTenant, stateDir } = config;
  const label = config.label ?? basename(dir);
  const prefixOf = (namespace: string): string => platform.organisationOf(namespace).prefix;
  return {
    parts: { config, registry, platform, wrapper, now },
    source: createDirectorySource({ dir, label, cluster, naisIdentityMode, entraTenants, prefixOf }),
    credentials: createCredentials(stateDir, { platform, wrapper, entraTenant }),
    reporter: createReporter(stateDir, emit),
  };
}

/** The pipeline of manifest.md section 3, once. */
async function applyOnce(
  { parts, source, credentials, reporter }: Work,
  allowMassDelete: boolean,
): Promise<{ outcome: ApplyOutcome; folders: readonly string[] }> {
  const { registry, config } = parts;
  const began = performance.now();
  const read = source.read();
  const present = presentIn(read.manifests);
  const { complete } = read;
  const before = registry.snapshot();
  const immutable = immutableProblems(read.manifests, before, config.entraTenant);
  const foreign = foreignProblems(read.manifests, before);
  const changeable = read.manifests.map((manifest) =>
    [...immutable, ...foreign].some(({ id }) => id === manifest.id) ? { ...manifest, draft: undefined } : manifest,
  );
  const registered = staying(before, { present, complete, allowMassDelete });
  const valid = validateTogether(changeable, { ...config, registered, others: foreignApps(before) });
  const applied = await applyDesired({ drafts: valid.drafts, present, complete, allowMassDelete }, parts);
  const environments = await credentials.refresh(registry);
  const snapshot = registry.snapshot();
  const problems = [
    ...allProblems(read, valid),
    ...immutable,
    ...foreign,
    // Registered while this was read.
    ...foreignProblems(read.manifests, snapshot).filter(({ id }) => !foreign.some((known) => known.id === id)),
    ...applied.held.map((id) => heldProblem(id, config)),
  ];
  reporter.problems(problems);
  reporter.applied(applied, snapshot.version, (performance.now() - began) / 1000);
  await reporter.status(snapshot, present, problems);
  const { created, changed, removed } = applied.plan;
  const { held, gains, loses } = applied;
  const lists = { created, changed, removed, held, environments, gains, loses, problems };
  return { outcome: { version: snapshot.version, ...lists }, folders: read.folders };
}

/** The last good versions of the apps that this read does not remove. */
function staying(snapshot: Snapshot, read: Omit<Parameters<typeof guardDeletions>[0], 'known'>): readonly App[] {
  const apps = ownApps(snapshot);
  const { remove } = guardDeletions({ ...read, known: apps.map((app) => app.id) });
  return apps.filter((app) => !remove.includes(app.id));
}

function findingsOf({ problems, held }: ApplyOutcome): string {
  return JSON.stringify([problems, held]);
}

function allProblems(read: SourceRead, valid: ValidSet): readonly AppProblem[] {
  return [...read.problems.map((problem) => ({ id: undefined, problem })), ...valid.problems];
}

function heldProblem(id: AppId, { dir, label }: RegistrarConfig): AppProblem {
  const message = `${id} has no manifest any more, but is kept: too many are missing, or some could not be read`;
  const at = { file: label ?? basename(dir), line: 1, column: 1, path: '' };
  return { id, problem: problemAt(at, { type: 'Warning', code: 'prune-held', message }) };
}
