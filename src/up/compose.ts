import type { App } from '../registry/model.ts';
import type { Registrar } from '../registrar/registrar.ts';
import { createApps, type WantedApp } from './apps.ts';
import { answersAt } from './answers.ts';
import { type Closers, createClosers } from './closers.ts';
import { createDevNews, type DevNews } from './dev-news.ts';
import { compileCacheVariables, fillCompileCache } from './compile-cache.ts';
import { readExternal } from './external.ts';
import { type Ground, openGround } from './ground.ts';
import { startKeeper } from './keeper.ts';
import type { ProgramOptions } from './options.ts';
import { type Programs, startPrograms } from './programs.ts';
import { summarise } from './summarise.ts';
import type { Summary } from './summary.ts';
import { wantedApp } from './wanted.ts';

/** What to compose: the programs, and the apps whose dev command is left to the person (`namespace/app`). */
export interface ComposeOptions extends ProgramOptions {
  readonly without: readonly string[];
}

/** Every program of this machine, started. */
export interface Composition {
  /** Resolves when every listener and every started app answers, or `ended` settles. */
  ready(ended: Promise<unknown>): Promise<Summary>;
  close(): Promise<void>;
}

/** Starts all programs; rejects after closing what had been opened. */
export async function compose(options: ComposeOptions): Promise<Composition> {
  const closers = createClosers();
  try {
    return await composeWith(options, closers);
  } catch (error) {
    await closers.close().catch(() => {});
    throw error;
  }
}

async function composeWith(options: ComposeOptions, closers: Closers): Promise<Composition> {
  const news = createDevNews(options.notice);
  // The keeper first: it takes as long to start as the rest of us.
  const keeper = startKeeper(options.stateDir, { ...options.env, ...compileCacheVariables() }, news.hear);
  closers.add(() => keeper.close());
  const ground = await openGround(options, closers);
  const warm = Promise.withResolvers<void>();
  const apps = createApps({ ...ground, warm: warm.promise }, keeper, (app, error) =>
    news.failed(app, error instanceof Error ? error.message : String(error)),
  );
  closers.add(() => apps.close());
  // At a first start the programs wait for keys, made off this thread.
  const isFirst = ground.registry.snapshot().version === 0;
  const filled = isFirst ? fillCompileCache() : undefined;
  const registered = (registrar: Registrar): void => {
    void Promise.resolve(filled).then(() => apps.launch(wantedApps(options, ground, registrar)));
  };
  const programs = await startPrograms(options, { ground, closers, isFirst, registered });
  const reconcile = (): Promise<void> => apps.reconcile(wantedApps(options, ground, programs.registrar));
  closers.add(programs.registrar.onApplied(() => void reconcile()));
  await reconcile();
  return {
    ready: (ended) => whenReady(options, { ground, programs, news }, ended).finally(warm.resolve),
    close: () => closers.close(),
  };
}

function wantedApps(options: ComposeOptions, ground: Ground, registrar: Registrar): WantedApp[] {
  const snapshot = ground.registry.snapshot();
  return [...snapshot.apps()].flatMap((app) => {
    const written = registrar.environmentOf(app.id);
    if (app.state !== 'active' || written === undefined) return [];
    const external = readExternal(options.stateDir, app.id);
    const [, namespace, name] = app.id.split(':');
    return [
      wantedApp({
        app,
        written: {
          app: written.app,
          sidecar: { ...written.sidecar, ...external },
          login: { ...written.login, ...external },
        },
        ingresses: ground.places.ingresses(app.id, app.spec.ingresses),
        ports: ground.places.ports(app.id),
        inherited: options.env,
        sessionKey: ground.sessionKey,
        start: !options.without.includes(`${namespace}/${name}`),
      }),
    ];
  });
}

interface Started {
  readonly ground: Ground;
  readonly programs: Programs;
  readonly news: DevNews;
}

/** How long `up` waits for an app that neither answers nor gives up, before it says so and goes on. */
const PATIENCE_MS = 20_000;

async function whenReady(options: ComposeOptions, started: Started, ended: Promise<unknown>): Promise<Summary> {
  const { ground, programs, news } = started;
  const stop = new AbortController();
  void ended.then(() => stop.abort());
  const states = new Map<string, string>();
  // What operators registered at TokenX runs elsewhere.
  const apps = [...ground.registry.snapshot().apps()].filter(
    (app) => app.state === 'active' && programs.registrar.environmentOf(app.id) !== undefined,
  );
  const wait = async (app: App): Promise<void> => {
    const origin = `http://127.0.0.1:${ground.places.ports(app.id).app}`;
    const until = AbortSignal.any([stop.signal, news.givenUp(app.id), AbortSignal.timeout(PATIENCE_MS)]);
    const answers = await answersAt(origin, until);
    const state = news.state(app.id);
    states.set(app.id, answers || state !== 'running' ? state : `runs, but does not answer at ${origin}`);
  };
  await Promise.all(apps.filter((app) => app.spec.dev !== undefined && startedHere(options, app.id)).map(wait));
  const stateOf = (app: App): string => states.get(app.id) ?? stateOfOther(options, app.id);
  return summarise(options, ground, { apps, idp: programs.idp, stateOf });
}

function startedHere(options: ComposeOptions, id: string): boolean {
  return !options.without.includes(id.split(':').slice(1).join('/'));
}

function stateOfOther(options: ComposeOptions, id: string): string {
  return startedHere(options, id) ? 'no dev command' : 'left to you (--without)';
}
