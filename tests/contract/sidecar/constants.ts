import { randomBytes } from 'node:crypto';
import type { Case, Json, ProviderScript } from './case.ts';
import { environment, IDENTITIES } from './environment.ts';
import type { World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { textsByName } from './shape.ts';
import { changeFiles } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { resolve } from './templates.ts';
import type { Resolve } from './templates.ts';
import { mintToken } from './tokens.ts';

/** What braces stand for in every case alike. */
export function constants({
  keys,
  origin,
  now,
  surroundings,
}: {
  readonly keys: Keys;
  readonly origin: string;
  readonly now: () => number;
  readonly surroundings?: Surroundings | undefined;
}): Resolve {
  const given = (name: string, argument = ''): string | Promise<string> | undefined => {
    if (name === 'folder') return surroundings?.folder();
    if (name === 'place') return surroundings?.place(argument);
    if (name === 'variables') return linesOf(environment(origin, keys));
    if (name === 'origin') return origin;
    if (name === 'repeat') return 'x'.repeat(Number(argument));
    if (name === 'now') return String(Math.floor(now()) + Number(argument));
    if (name === 'date') return new Date((now() + Number(argument)) * 1000).toUTCString();
    if (name === 'private_jwk')
      return argument === 'ec' || argument === 'rsa' ? JSON.stringify(keys.clients[argument]) : undefined;
    const identity = IDENTITIES[argument];
    if (name === 'issuer') return identity && origin + identity.path;
    if (name === 'audience') return identity?.audience;
    return name === 'client' ? identity?.client : undefined;
  };
  return async (name, argument) => await given(name, argument);
}

/** As a file that a shell could read. */
function linesOf(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}

/** A script with its templates filled in. */
export async function scriptFor(script: ProviderScript, give: Resolve): Promise<ProviderScript> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- resolving changes texts, never the shape
  return (await resolve(script as unknown as Json, give)) as unknown as ProviderScript;
}

/** Those, the case's own tokens, each minted once, and a word that no other run of a case has. */
export function templatesOf(one: Case, world: World): Resolve {
  const { origin } = world.provider;
  const shared = constants({ keys: world.keys, origin, now: world.now, surroundings: world.surroundings });
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
    // As providers do: there are sidecars that take no fractions of a second.
    return await mintToken(ready, { keys: world.keys, origin, now: Math.floor(world.now()) });
  };
  return give;
}

/** Writes the files of a case, and gives the variables it adds to those of every case. Throws CaseFault and AssertionError. */
export async function prepare(
  { id, env, files }: Case,
  give: Resolve,
  surroundings: Surroundings,
): Promise<Record<string, string>> {
  if (Object.keys(files).length > 0) {
    const add = textsByName(await resolve(files, give), id);
    await changeFiles(await surroundings.folder(), { add, change: {}, break: [], remove: [] }, 'files');
  }
  return textsByName(await resolve(env, give), id);
}
