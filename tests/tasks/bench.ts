import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { install, oldest, packSdk } from '../packages/scratch.ts';
import { freePort } from '../servers/free-port.ts';
import { listen } from '../servers/listen.ts';
import { type Block, readBlocks } from './blocks.ts';
import type { Blocks } from './blocks.ts';

const root = join(import.meta.dirname, '../..');
const PATIENCE_MS = 20_000;

type Env = Readonly<Record<string, string>>;

/** The pages as files of somebody who copied them: compiled, with the packed library installed. */
export interface Bench {
  readonly folder: string;
  readonly blocks: Blocks;
  /** Starts a program of a page on the oldest Node until the test ends; resolves with its address when it listens. */
  start(t: TestContext, page: string, name: string, env: Env): Promise<string>;
  /** The same with a file below `out/`, which a test has put there. */
  startFile(t: TestContext, file: string, env: Env): Promise<string>;
  /** What a function of a page resolves with, on the oldest Node. Throws with what it printed. */
  call(
    page: string,
    name: string,
    wanted: { readonly fn: string; readonly args: readonly unknown[]; readonly env: Env },
  ): Promise<unknown>;
  /** Runs a program of a page to its end on the oldest Node; `args` of Node come before it. Throws with what it printed. */
  run(page: string, name: string, env: Env, args?: readonly string[]): Promise<string>;
  /** The same with a file below `out/`, which a test has put there. */
  runFile(file: string, env: Env): Promise<string>;
  /** Runs the shell lines of a page, with `fullmakt` on the path. Throws with what they printed. */
  shell(page: string, name: string, env: Env): Promise<string>;
}

/** Writes the blocks of the pages, and compiles what is TypeScript as its author would, strictly. Throws with what the compiler said. */
export function openBench(pages: readonly string[]): Bench {
  const blocks = readBlocks(pages);
  const { folder } = install(packSdk());
  for (const block of blocks.all) write(folder, block);
  const sources = blocks.all.filter(({ language }) => language === 'ts').map(placeOf);
  compile(folder, sources);
  const bin = join(folder, 'bin');
  shim(bin);
  const built = (page: string, name: string): string => {
    const text = blocks.take(page, name);
    const { language } = blocks.all.find((each) => each.text === text) ?? { language: '' };
    return join(folder, 'out', placeOf({ page, name, language, text }).replace(/\.ts$/, '.js'));
  };
  const shellEnv = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  return {
    folder,
    blocks,
    start: async (t, page, name, env) => await listening(t, [built(page, name)], { env, cwd: folder }),
    startFile: async (t, file, env) => await listening(t, [join(folder, 'out', file)], { env, cwd: folder }),
    call: async (page, name, { fn, args, env }) => {
      const code = `const it = await import(${JSON.stringify(built(page, name))});
        console.log(JSON.stringify(await it[${JSON.stringify(fn)}](...${JSON.stringify(args)})) ?? 'null');`;
      return JSON.parse(await end(oldest, ['--input-type=module', '--eval', code], { env, cwd: folder }));
    },
    run: async (page, name, env, args = []) => {
      const file = built(page, name);
      return await end(oldest, [...args, file], { env, cwd: dirname(file) });
    },
    runFile: async (file, env) => await end(oldest, [join(folder, 'out', file)], { env, cwd: folder }),
    shell: async (page, name, env) =>
      await end('sh', ['-e', '-c', blocks.take(page, name)], { env: { ...shellEnv, ...env }, cwd: folder }),
  };
}

/** Blocks that are part of the common folder say so by their name; others have a folder for each page. */
function placeOf({ page, name }: Block): string {
  return name.startsWith('fullmakt/') ? name : join(page, name);
}

function write(folder: string, block: Block): void {
  if (!['ts', 'js', 'yaml'].includes(block.language)) return;
  const place = placeOf(block);
  const out = block.language === 'js' ? join(folder, 'out', place) : join(folder, place);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, block.text);
}

function compile(folder: string, files: readonly string[]): void {
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck'];
  const modules = [
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--rewriteRelativeImportExtensions',
    '--types',
    'node',
  ];
  const args = [...files, ...strict, ...modules, '--ignoreConfig', '--rootDir', '.', '--outDir', 'out'];
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    throw new Error(`the pages do not compile:\n${String(Reflect.get(Object(error), 'stdout'))}`, { cause: error });
  }
}

/** `fullmakt`, as if it were installed. */
function shim(bin: string): void {
  mkdirSync(bin, { recursive: true });
  const file = join(bin, 'fullmakt');
  writeFileSync(file, `#!/bin/sh\nexec ${process.execPath} ${join(root, 'src/main.ts')} "$@"\n`);
  chmodSync(file, 0o755);
}

interface Surroundings {
  readonly env: Env;
  readonly cwd: string;
}

async function end(program: string, args: readonly string[], { env, cwd }: Surroundings): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const said = hear(child);
  const [code] = await once(child, 'close');
  clearTimeout(patience);
  if (code !== 0) throw new Error(`it ended with ${String(code)}:\n${said().out}\n${said().err}`);
  return said().out;
}

async function listening(t: TestContext, args: readonly string[], { env, cwd }: Surroundings): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const { port } = new URL(`http://${address}`);
  const all = { PATH: process.env['PATH'], BIND_ADDRESS: address, PORT: port, ...env };
  const child = spawn(oldest, args, { cwd, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = hear(child);
  const gone = once(child, 'close');
  t.after(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  const patience = AbortSignal.timeout(PATIENCE_MS);
  while (!(await answers(`http://${address}/healthz`))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (child.exitCode !== null || patience.aborted)
      throw new Error(`it does not listen:\n${said().out}\n${said().err}`);
  }
  return `http://${address}`;
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function hear(child: ChildProcess): () => { readonly out: string; readonly err: string } {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return () => ({ out, err });
}

/** Another API: answers with what it was sent, and remembers it. */
export async function startApi(t: TestContext): Promise<{ readonly origin: string; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    seen.push(req);
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ path: req.url }));
  });
  const port = await listen(t, server);
  return { origin: `http://127.0.0.1:${port}`, seen };
}
