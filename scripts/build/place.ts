import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));
/** Where the package of the library is made; it holds `sdk/` and the part of `oauth/` that it needs. */
export const SDK: string = `${ROOT}dist/sdk`;
/** Where the package of the command is made. */
export const COMMAND: string = `${ROOT}dist/fullmakt`;

/** As much of a package manifest as is read or written here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A manifest of this checkout. */
export function readManifest(path: string): Manifest {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- our own file, which npm has read before
  return JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8')) as Manifest;
}

/** Writes JSON as npm does. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
