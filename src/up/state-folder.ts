import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A start that cannot go on, with a text that says what to do. */
export class UpError extends Error {}

/** The folder of manifests: the one named, else `fullmakt/` or `examples/` below the current folder. */
export function findManifestFolder(named: string | undefined, cwd: string): string {
  if (named !== undefined) {
    const dir = resolve(cwd, named);
    if (isFolder(dir)) return dir;
    throw new UpError(`there is no folder ${dir}; name the folder that holds your manifests: fullmakt up <dir>`);
  }
  const found = ['fullmakt', 'examples'].map((name) => join(cwd, name)).find(isFolder);
  if (found !== undefined) return found;
  throw new UpError(
    `neither fullmakt/ nor examples/ is in ${cwd}; name the folder that holds your manifests: fullmakt up <dir>`,
  );
}

/** Makes the state folder (0700, kept out of git) or says why it cannot be used. Nothing in it is ever deleted here. */
export function openStateFolder(dir: string): string {
  const stateDir = join(dir, '.fullmakt');
  makeStateFolder(stateDir);
  return stateDir;
}

/** Makes a folder the state folder it is to be, as `openStateFolder` does. */
export function makeStateFolder(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!existsSync(join(stateDir, '.gitignore'))) writeFileSync(join(stateDir, '.gitignore'), '*\n');
  } catch (error) {
    throw new UpError(
      `the state folder ${stateDir} cannot be written (${String(error)}); make it writable for this user`,
    );
  }
}

/** Who claims a state folder: which command, in which process, since when. */
export interface Claimant {
  readonly command: 'up' | 'idp' | 'exchange';
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
}

/** Held by the one process of a folder; the operating system lets go of it however that process ends. */
export interface Ownership {
  readonly release: () => void;
}

/** Claims the state folder for this process, or refuses and names the process that has it. */
export function claimStateFolder(stateDir: string, claimant: Claimant): Ownership {
  const owner = join(stateDir, 'owner.json');
  const file = join(stateDir, 'owner.sqlite');
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec(
      'PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS claim (pid INTEGER); COMMIT',
    );
  } catch (error) {
    database.close();
    throw new UpError(
      error instanceof Error && /locked/.test(error.message)
        ? `another fullmakt ${describeOwner(owner)} already runs on ${stateDir}; stop it first, or use another folder`
        : `${file} cannot be used (${String(error)}); it holds nothing but the claim on this folder: move it away and start again`,
    );
  }
  writeFileSync(owner, `${JSON.stringify(claimant)}\n`, { mode: 0o600 });
  return { release: () => database.close() };
}

function describeOwner(file: string): string {
  try {
    const owner: Partial<Claimant> = JSON.parse(readFileSync(file, 'utf8'));
    return `${owner.command ?? 'up'} (process ${owner.pid ?? '?'}, since ${owner.startedAt ?? '?'})`;
  } catch {
    return '(its process is not known yet)';
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
