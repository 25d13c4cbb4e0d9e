import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reserve } from '../contract/sidecar/quiet-port.ts';

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What `fullmakt up --json` prints once ready. */
export interface Summary {
  readonly ready: true;
  readonly seconds: number;
  readonly pid: number;
  readonly stateDir: string;
  readonly caFile?: string;
  readonly services: Readonly<Record<'tokenx' | 'idporten' | 'entra' | 'maskinporten', { readonly issuer: string }>>;
  readonly control: { readonly url: string; readonly tokenFile: string };
  readonly apps: readonly {
    readonly id: string;
    readonly namespace: string;
    readonly name: string;
    readonly url?: string;
    readonly app: string;
    readonly sidecar?: string;
    readonly state: string;
  }[];
  readonly people: readonly {
    readonly pid: string;
    readonly name: string;
    readonly employee?: string;
    readonly groups: readonly string[];
  }[];
}

/** A `fullmakt up` of its own: its own copy of the examples, its own ports. */
export interface Platform {
  readonly summary: Summary;
  readonly dir: string;
  readonly process: ChildProcess;
  /** What it printed on standard error, as far as it has arrived: notices, refusals, app output. */
  readonly notices: () => string;
  /** Resolves when a notice matches; rejects after the seconds given. */
  noticed(pattern: RegExp, seconds?: number): Promise<string>;
  url(app: string): string;
  app(name: string): Summary['apps'][number];
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A private copy of the examples in a new folder; the caller removes it. */
export function copyExamples(): string {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-'));
  cpSync(join(root, 'examples'), join(dir, 'examples'), {
    recursive: true,
    filter: (source) => !source.includes('.fullmakt/') && !source.endsWith('.fullmakt'),
  });
  cpSync(join(root, 'node_modules', '@fullmakt'), join(dir, 'node_modules', '@fullmakt'), { recursive: true });
  return join(dir, 'examples');
}

export function removeCopy(dir: string): void {
  rmSync(dirname(dir), { recursive: true, force: true, maxRetries: 5 });
}

/** Starts `fullmakt up --json` and resolves when it says ready. */
export async function startPlatform(
  dir: string,
  offset: number,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Platform> {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'up', dir, '--json', ...args], {
    env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: String(offset), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Not 'exit': what it printed last may still be on its way then.
  const gone = once(child, 'close');
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const summary = await new Promise<Summary>((fulfil, reject) => {
    const limit = setTimeout(() => reject(new Error(`not ready within 60 s:\n${err}`)), 60_000);
    child.once('close', (code) => reject(new Error(`up ended with ${code}:\n${err}`)));
    child.stdout.on('data', () => {
      if (!out.endsWith('\n}\n')) return;
      clearTimeout(limit);
      fulfil(JSON.parse(out));
    });
  });
  const app = (name: string): Summary['apps'][number] => {
    const found = summary.apps.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no app ${name} in ${out}`);
    return found;
  };
  return {
    summary,
    dir,
    process: child,
    notices: () => err,
    noticed: (pattern, seconds = 30) => noticed(child, () => err, pattern, seconds),
    app,
    url: (name) => app(name).url ?? app(name).app,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await gone;
    },
  };
}

async function noticed(child: ChildProcess, text: () => string, pattern: RegExp, seconds: number): Promise<string> {
  const signal = AbortSignal.timeout(seconds * 1000);
  for (;;) {
    const found = pattern.exec(text());
    if (found !== null) return found[0];
    try {
      await once(child.stderr ?? child, 'data', { signal });
    } catch {
      throw new Error(`no notice like ${pattern} within ${seconds} s; there were:\n${text()}`);
    }
  }
}

/** More than lie between the first and the last port of the examples. */
const BLOCK = 200;

/**
 * A port offset at which every port of the examples is free, and stays so while a platform starts: below all that `freePort` gives, and
 * no other process has the same block of ports.
 */
export async function freeOffset(): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const offset = 2000 + BLOCK * randomInt(52);
    if (!(await reserve(7400 + offset))) continue;
    const blocks = Array.from({ length: 10 }, (_, n) => 7500 + 10 * n).flatMap((port) => [port, port + 1, port + 2]);
    const free = await Promise.all(
      [7400, 7410, 7411, 7420, 7421, 7422, 7430, 7440, ...blocks].map((port) => isFree(port + offset)),
    );
    if (free.every(Boolean)) return offset;
  }
  throw new Error('no free range of ports on loopback');
}

/** Whether nothing listens on this loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolvePort) => {
    const server = createServer();
    server.once('error', () => resolvePort(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolvePort(true)));
  });
}
