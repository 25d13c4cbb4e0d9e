import type { Case, Json, Step } from './case.ts';
import { checkMatchers } from './match.ts';
import { readExchange } from './read-exchange.ts';
import { readProvider, readToken, readUpstream } from './read-parts.ts';
import { CaseFault, flag, list, members, number, object, oneOf, text, textsByName } from './shape.ts';
import { checkTemplates } from './templates.ts';

const REVISIONS = ['A', 'B', 'ours'] as const;
const CASE = ['id', 'about', 'revisions', 'stage', 'clock', 'fresh', 'env', 'tokens', 'provider', 'steps', 'upstream'];

/** One case as its file has it, once rows are filled in. Throws CaseFault, which says where. */
export function readCase(value: Json, file: string): Case {
  const parts = members(value, file, CASE);
  const id = text(parts['id'], `${file}: id`);
  const at = `${file} ${id}`;
  checkTemplates(value, at);
  const steps = list(parts['steps'], `${at}: steps`).map((step, index) => readStep(step, `${at}: step ${index}`));
  const read: Case = {
    id,
    revisions: list(parts['revisions'], `${at}: revisions`).map((name) => oneOf(name, `${at}: revisions`, REVISIONS)),
    stage: oneOf(parts['stage'] ?? 'S1', `${at}: stage`, ['S1', 'S2']),
    clock: readClock(parts['clock'], at),
    fresh: flag(parts['fresh'], `${at}: fresh`),
    env: textsByName(parts['env'], `${at}: env`),
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
  return read;
}

function readClock(value: Json | undefined, at: string): Case['clock'] {
  if (value === 'or-wait') return 'moved-or-waited';
  return flag(value, `${at}: clock`) ? 'moved' : 'none';
}

function checkWhole({ revisions, steps, clock, fresh, provider, tokens }: Case, at: string): void {
  if (revisions.length === 0) throw new CaseFault(`${at}: for no revision`);
  if (!steps.some(({ kind }) => kind === 'exchange' || kind === 'together')) throw new CaseFault(`${at}: asks nothing`);
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

function readStep(value: Json, at: string): Step {
  const step = object(value, at);
  if (step['request'] !== undefined) return { kind: 'exchange', ...readExchange(value, at) };
  const [name = ''] = Object.keys(step);
  members(value, at, [name]);
  const inner = step[name];
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
