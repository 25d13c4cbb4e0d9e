/** The `rules` setting: JSON as the operator writes it, turned into rules. */
import { normaliseLevel } from '../../providers/levels.ts';
import type { RuleSetting } from '../proxy/rules.ts';
import { CSRF_GUARDS } from '../proxy/rules.ts';

const MEMBERS: readonly string[] = [
  'path',
  'methods',
  'hosts',
  'login',
  'authorization',
  'preflight',
  'provider',
  'acr',
  'maxAgeSeconds',
  'csrf',
];
const FORM = `a list of {${MEMBERS.join(', ')}}`;

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

function text(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new Error(`${FORM}; ${name} is text`);
  return value;
}

function wholeSeconds(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
    throw new Error(`${FORM}; maxAgeSeconds is a whole number above zero`);
  return value;
}

function parseRule(value: unknown): RuleSetting {
  if (!isMembers(value) || typeof value['path'] !== 'string') throw new Error(FORM);
  const unknown = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new Error(`${FORM}; ${unknown} is none of these`);
  const methods = texts(value['methods']);
  const hosts = texts(value['hosts']);
  const login = word(value['login'], ['enforce', 'optional', 'exempt']);
  const authorization = word(value['authorization'], ['strip', 'pass']);
  const preflight = word(value['preflight'], ['refuse', 'upstream']);
  const provider = text(value['provider'], 'provider');
  const acr = text(value['acr'], 'acr');
  const maxAgeSeconds = wholeSeconds(value['maxAgeSeconds']);
  const csrf = word(value['csrf'], CSRF_GUARDS);
  return {
    path: value['path'],
    ...(methods === undefined ? {} : { methods }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(login === undefined ? {} : { login }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(preflight === undefined ? {} : { preflight }),
    ...(provider === undefined ? {} : { provider: provider === 'azure' ? 'entra' : provider }),
    ...(acr === undefined ? {} : { acr: normaliseLevel(acr) }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(csrf === undefined ? {} : { csrf }),
  };
}

/** Parses the setting; throws an Error whose message is the expected form. */
export function parseRules(value: unknown): readonly RuleSetting[] {
  if (!Array.isArray(value)) throw new Error(FORM);
  return value.map(parseRule);
}
