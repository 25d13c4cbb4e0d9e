/** Kinds of values that only the login proxy has. */
import type { Address, Setting } from '../../settings.ts';
import { address, url } from '../../settings.ts';

const KEY_BYTES = 32;
const parsePlainAddress: (text: string) => Address = address({ env: '', says: '' }).parse;

/** An address, or `none`. */
export function parseAddressOrNone(text: string): Address | undefined {
  return text === 'none' ? undefined : parsePlainAddress(text);
}

const parsePlainUrl: (text: string) => string = url({ env: '', says: '' }).parse;

/** The URL of an application: requests keep their own path, so it has none. */
export function parseApplication(text: string): string {
  const { origin } = new URL(parsePlainUrl(text));
  if (!new RegExp('^[a-z]+://[^/?]+/?$', 'i').test(text))
    throw new Error(`a URL without a path or query, such as ${origin}`);
  return text;
}

/** Hosts as requests name them, each perhaps with a port. */
export function parseHosts(text: string): readonly string[] {
  const hosts = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (!hosts.every((host) => /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)))
    throw new Error('hosts such as app or app.example.com:8080, with commas between');
  return hosts;
}

/** Keys in base64 (either alphabet), 32 bytes each. */
export function parseSessionKeys(text: string): readonly Buffer[] {
  return text.split(',').map((one) => {
    const key = Buffer.from(one.trim(), 'base64');
    if (key.length !== KEY_BYTES) throw new Error(`base64 of ${KEY_BYTES} bytes, or several with commas between`);
    return key;
  });
}

/** A list whose members are among `words`. */
export function wordsFrom<W extends string>(words: readonly W[]): (text: string) => readonly W[] {
  return (text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
      .map((one) => {
        const word = words.find((known) => known === one);
        if (word === undefined) throw new Error(`a list of ${words.join(', ')}`);
        return word;
      });
}

/** The variable that belongs to a name: `openid.client-id` is FULLMAKT_LOGIN_OPENID_CLIENT_ID. */
export function variableOf(name: string): string {
  return `FULLMAKT_LOGIN_${upper(name)}`;
}

function upper(name: string): string {
  return name.toUpperCase().replaceAll(/[.-]/g, '_');
}

/** What one setting is called: its name on the command line and in files, its variable, and other variables that set it. */
export type Names = Pick<Setting<unknown>, 'env'> & { readonly name: string; readonly aliases: readonly string[] };

/** The names one setting goes by: ours, and other variables. */
export function named(name: string, ...aliases: readonly string[]): Names {
  return { name, env: variableOf(name), aliases };
}

/** The same with Wonderwall's variable of this name among them. */
export function same(name: string, ...aliases: readonly string[]): Names {
  return named(name, `WONDERWALL_${upper(name)}`, ...aliases);
}

/** A setting whose kind exists here only. */
export function custom<T>(setting: Setting<T>): Setting<T> {
  return setting;
}
