import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';

/** The platform's list of who may call this application, as the access policy has it. */
export interface CallerList {
  /** Name by Entra client id; undefined where the platform gave no list. */
  readonly entra: ReadonlyMap<string, string> | undefined;
  /** `cluster:namespace:app`, a part may be `*`; undefined where the platform gave no list. */
  readonly tokenx: readonly string[] | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads both lists; what cannot be read is added to `findings`, naming the variable. */
export function readCallerList(env: Env, findings: string[]): CallerList {
  return { entra: readEntra(env, findings), tokenx: readTokenx(env, findings) };
}

/** The list for callers by way of a provider; undefined where there is none, or the provider tells no callers. */
export function callerListOf({ entra, tokenx }: CallerList, provider: string): object | undefined {
  if (provider === 'entra_id') return entra;
  return provider === 'tokenx' ? tokenx : undefined;
}

/** Whether a TokenX client is on the list; `*` as a whole part matches exactly one part. */
export function matchesApp(patterns: readonly string[], clientId: string): boolean {
  const parts = clientId.split(':');
  return patterns.some((pattern) => {
    const wanted = pattern.split(':');
    return wanted.length === parts.length && wanted.every((part, at) => part === '*' || part === parts[at]);
  });
}

function readList(env: Env, name: string, findings: string[]): readonly unknown[] | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  try {
    const value = parseStrictJson(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Reported below, like any other value that is not a list.
  }
  findings.push(`${name} is not a JSON list`);
  return undefined;
}

function readEntra(env: Env, findings: string[]): ReadonlyMap<string, string> | undefined {
  const name = 'AZURE_APP_PRE_AUTHORIZED_APPS';
  const list = readList(env, name, findings);
  if (list === undefined) return undefined;
  const callers = new Map<string, string>();
  for (const entry of list) {
    const app = isJsonObject(entry) ? entry : {};
    if (typeof app['name'] === 'string' && typeof app['clientId'] === 'string')
      callers.set(app['clientId'], app['name']);
    else findings.push(`${name}: every entry has to have name and clientId`);
  }
  return callers;
}

function readTokenx(env: Env, findings: string[]): readonly string[] | undefined {
  const name = 'FULLMAKT_INBOUND_APPS';
  const list = readList(env, name, findings);
  if (list === undefined) return undefined;
  const apps = list.filter((app): app is string => typeof app === 'string' && app.split(':').length === 3);
  if (apps.length !== list.length) findings.push(`${name}: every entry has to be cluster:namespace:app`);
  return apps;
}
