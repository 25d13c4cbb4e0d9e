/** The `rules` setting: JSON as the operator writes it, turned into rules. */
import type { RuleSetting } from '../proxy/rules.ts';

const MEMBERS: ReadonlySet<string> = new Set(['path', 'methods', 'hosts', 'login', 'authorization', 'preflight']);
const FORM = 'a list of {path, methods, hosts, login, authorization, preflight}';

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function word<W extends string>(value: unknown, words: readonly W[]): W | undefined {
  if (value === undefined) return undefined;
  const found = words.find((known) => known === value);
  if (found === undefined) throw new Error(`${FORM}; one of ${words.join(', ')}`);
  return found;
}

function texts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const found = Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  if (!Array.isArray(value) || found.length !== value.length)
    throw new Error(`${FORM}; methods and hosts are lists of text`);
  return found;
}

function parseRule(value: unknown): RuleSetting {
  if (!isMembers(value) || typeof value['path'] !== 'string') throw new Error(FORM);
  const unknown = Object.keys(value).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw new Error(`${FORM}; ${unknown} is none of these`);
  const methods = texts(value['methods']);
  const hosts = texts(value['hosts']);
  const login = word(value['login'], ['enforce', 'optional', 'exempt']);
  const authorization = word(value['authorization'], ['strip', 'pass']);
  const preflight = word(value['preflight'], ['refuse', 'upstream']);
  return {
    path: value['path'],
    ...(methods === undefined ? {} : { methods }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(login === undefined ? {} : { login }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(preflight === undefined ? {} : { preflight }),
  };
}

/** Parses the setting; throws an Error whose message is the expected form. */
export function parseRules(value: unknown): readonly RuleSetting[] {
  if (!Array.isArray(value)) throw new Error(FORM);
  return value.map(parseRule);
}
