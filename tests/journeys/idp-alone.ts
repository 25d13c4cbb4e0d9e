import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { endChild, PATIENCE } from '../strangers/children.ts';
import { withFreePorts } from '../strangers/ports.ts';
import { root } from './platform.ts';

const BINDS = ['IDPORTEN', 'IDPORTEN_LOGIN', 'ENTRA', 'ENTRA_HTTP', 'GRAPH', 'MASKINPORTEN', 'OPENID'] as const;

/** What `fullmakt idp --json` prints once ready. */
interface IdpSummary {
  readonly ready: true;
  readonly seconds: number;
  readonly pid: number;
  readonly stateDir: string;
  readonly personas: readonly { readonly name: string; readonly issuer: string; readonly metadata: string }[];
  readonly peopleFile: string;
  readonly keysDir: string;
  readonly clientsFile?: string;
  readonly control: { readonly url: string; readonly tokenFile: string };
  readonly ca: { readonly caFile: string; readonly variables: Readonly<Record<string, string>> };
}

/** A `fullmakt idp` of its own. */
export interface Alone {
  readonly summary: IdpSummary;
  readonly process: ChildProcess;
  /** The variables it was started with, for another one on the same ports. */
  readonly env: Readonly<Record<string, string>>;
  /** What it printed on standard error, as far as it has arrived: before the end, wait for it with `until`. */
  readonly notices: () => string;
  issuer(persona: string): string;
  /** Ends it, and gives its exit code and signal. */
  stop(signal?: NodeJS.Signals): Promise<readonly [number | null, NodeJS.Signals | null]>;
}

/** Starts it on free ports, and resolves when it says ready; rejects with what it said when it ended before. */
export function startAlone(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Alone> {
  return withFreePorts(1 + BINDS.length, ([control, ...ports]) =>
    startWith(args, {
      FULLMAKT_IDP_CONTROL_BIND: `127.0.0.1:${control}`,
      ...Object.fromEntries(BINDS.map((name, at) => [`FULLMAKT_IDP_${name}_BIND`, `localhost:${ports[at]}`])),
      ...env,
    }),
  );
}

/** The same with exactly these variables. */
export async function startWith(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Alone> {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'idp', '--json', ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const starting = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const summary = await new Promise<IdpSummary>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`ended with ${code}:\n${err}`)));
    child.stdout.on('data', () => {
      if (out.endsWith('\n}\n')) resolve(JSON.parse(out));
    });
  }).finally(() => clearTimeout(starting));
  return {
    summary,
    process: child,
    env,
    notices: () => err,
    issuer: (persona) => {
      const found = summary.personas.find(({ name }) => name === persona);
      if (found === undefined) throw new Error(`no ${persona} in ${out}`);
      return found.issuer;
    },
    stop: async (signal = 'SIGTERM') => {
      await endChild(child, () => child.kill(signal));
      return [child.exitCode, child.signalCode];
    },
  };
}
