import type { Case, Exchange, FileChanges, Json, Step } from './case.ts';
import { checkMatchers } from './match.ts';
import { readExchange } from './read-exchange.ts';
import { readProvider, readToken, readUpstream } from './read-parts.ts';
import { CaseFault, flag, list, members, number, object, oneOf, text, texts, textsByName } from './shape.ts';
import { checkTemplates } from './templates.ts';

const PLACES = /\{\{(?:folder|place:[^}]+)\}\}/u;
const REVISIONS = ['A', 'B', 'ours'] as const;
const CASE = [
  'id',
  'about',
  'revisions',
  'stage',
  'clock',
  'fresh',
  'env',
  'files',
  'tokens',
  'provider',
  'steps',
  'upstream',
];

/** One case as its file has it, once rows are filled in. Throws CaseFault, which says where. */
export function readCase(value: Json, file: string): Case {
  const parts = members(value, file, CASE);
  const id = text(parts['id'], `${file}: id`);
  const at = `${file} ${id}`;
  checkTemplates(value, at);
  const steps = list(parts['steps'], `${at}: steps`).map((step, index) => readStep(step, `${at}: step ${index}`));
  const read: Case = {
    file,
    id,
    revisions: list(parts['revisions'], `${at}: revisions`).map((name) => oneOf(name, `${at}: revisions`, REVISIONS)),
    stage: oneOf(parts['stage'] ?? 'S1', `${at}: stage`, ['S1', 'S2']),
    clock: readClock(parts['clock'], at),
    fresh: flag(parts['fresh'], `${at}: fresh`),
    env: textsByName(parts['env'], `${at}: env`),
    files: textsByName(parts['files'], `${at}: files`),
    tokens: Object.fromEntries(
      Object.entries(object(parts['tokens'], at)).map(([name, token]) => [
        name,
        readToken(token, `${at}: token ${name}`),
      ]),
    ),
    provider: readProvider(parts['provider'] ?? {}, `${at}: provider`),
    steps,
    upstream: readUpstream(parts['upstream'] ?? {}, `${at}: upstream`),
  };
  checkWhole(read, at);
  checkPlaces(value, read, at);
  return read;
}

function readClock(value: Json | undefined, at: string): Case['clock'] {
  if (value === 'or-wait') return 'moved-or-waited';
  return flag(value, `${at}: clock`) ? 'moved' : 'none';
}

function checkWhole({ revisions, steps, clock, fresh, provider, tokens }: Case, at: string): void {
  if (revisions.length === 0) throw new CaseFault(`${at}: for no revision`);
  if (!steps.some((step) => exchangesOf(step).length > 0)) throw new CaseFault(`${at}: asks nothing`);
  if (steps.some(({ kind }) => kind === 'advance') !== (clock !== 'none'))
    throw new CaseFault(`${at}: clock and its steps disagree`);
  const scripts = [provider, ...steps.flatMap((step) => (step.kind === 'provider' ? [step.script] : []))];
  const changesKeys = scripts.some(({ keySet, metadata }) => keySet !== undefined || metadata !== undefined);
  if (changesKeys && !fresh)
    throw new CaseFault(`${at}: keys would be remembered by cases that follow; it has to be fresh`);
  const used = JSON.stringify(steps).matchAll(/\{\{token:([^}]+)\}\}/gu);
  const names = new Set(Array.from(used, ([, name = '']) => name));
  const lacking = [...names].find((name) => !Object.hasOwn(tokens, name));
  if (lacking !== undefined) throw new CaseFault(`${at}: no token is called ${lacking}`);
  const idle = Object.keys(tokens).find((name) => !names.has(name));
  if (idle !== undefined) throw new CaseFault(`${at}: the token ${idle} is not used`);
}

/** What a case has around its sidecar is there before the sidecar is, and is nobody else's. */
function checkPlaces(value: Json, { fresh, env, steps }: Case, at: string): void {
  if (PLACES.test(JSON.stringify(value)) && !fresh)
    throw new CaseFault(`${at}: it has places of its own, so it has to be fresh`);
  if (!isDaemon(env)) return;
  if (env['PROBE_BIND_ADDRESS'] === undefined) throw new CaseFault(`${at}: nobody sees when it has started`);
  const lost = steps.flatMap(exchangesOf).find(({ request }) => request.at === undefined);
  if (lost !== undefined) throw new CaseFault(`${at}: a request does not say which application asks`);
}

/** Whether a sidecar has to be started with folders or listeners that only this case has. */
export function hasPlaces({ env, files }: Pick<Case, 'env' | 'files'>): boolean {
  return Object.keys(files).length > 0 || PLACES.test(JSON.stringify(env));
}

/** Whether one process serves many applications, and none at an address of its own. */
export function isDaemon(env: Readonly<Record<string, string>>): boolean {
  return env['FULLMAKT_SIDECAR_APPS_DIR'] !== undefined;
}

function exchangesOf(step: Step): readonly Exchange[] {
  if (step.kind === 'exchange') return [step];
  if (step.kind === 'load') return [...step.exchanges, ...step.steps.flatMap(exchangesOf)];
  return step.kind === 'together' ? step.exchanges : [];
}

function readStep(value: Json, at: string): Step {
  const step = object(value, at);
  if (step['request'] !== undefined) return { kind: 'exchange', ...readExchange(value, at) };
  const [name = ''] = Object.keys(step);
  members(value, at, [name]);
  const inner = step[name];
  if (name === 'load') return readLoad(inner, `${at}: load`);
  if (name === 'files') return { kind: 'files', changes: readFiles(inner, `${at}: files`) };
  if (name === 'together') return { kind: 'together', exchanges: list(inner, at).map((one) => readExchange(one, at)) };
  if (name === 'advance') return { kind: 'advance', seconds: number(inner, at) };
  if (name === 'provider') return { kind: 'provider', script: readProvider(inner ?? {}, at) };
  const counts = members(inner, at, ['token', 'key_set']);
  const what = counts['token'] === undefined ? 'keySet' : 'token';
  const count = counts['token'] ?? counts['key_set'] ?? 0;
  if (name === 'await') return { kind: 'await', what, count: number(count, at) };
  if (name !== 'count') throw new CaseFault(`${at}: ${name} is no step`);
  checkMatchers(count, at);
  return { kind: 'count', what, count };
}

function readLoad(value: Json | undefined, at: string): Step {
  const parts = members(value, at, ['connections', 'requests', 'steps']);
  return {
    kind: 'load',
    connections: number(parts['connections'], `${at}: connections`, 1),
    exchanges: list(parts['requests'], at).map((one, index) => readExchange(one, `${at}: request ${index}`)),
    steps: list(parts['steps'], at).map((step, index) => readStep(step, `${at}: step ${index}`)),
  };
}

function readFiles(value: Json | undefined, at: string): FileChanges {
  const parts = members(value, at, ['add', 'change', 'break', 'remove']);
  return {
    add: textsByName(parts['add'], `${at}: add`),
    change: textsByName(parts['change'], `${at}: change`),
    break: texts(parts['break'], `${at}: break`),
    remove: texts(parts['remove'], `${at}: remove`),
  };
}
