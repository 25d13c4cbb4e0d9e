import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { World } from '../../src/login/testing/proxy.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { endChild, PATIENCE } from './children.ts';
import { isListening } from '../servers/is-listening.ts';
import { HOST } from './forward-auth-browser.ts';

/** Where the example files lie. */
const EXAMPLES: URL = new URL('../../examples/forward-auth/', import.meta.url);

/** A request as the application saw it. */
interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** An application, and the login beside it that an outer proxy asks. */
export interface GuardedApplication {
  readonly login: World;
  readonly applicationPort: number;
  readonly seen: readonly SeenRequest[];
  /** Takes the store away, or gives it back. */
  setStoreDown(down: boolean): void;
}

const RULES = [
  { path: '/public/**', login: 'exempt' },
  { path: '/writes/**', csrf: 'fetch-metadata' },
  { path: '/young/**', maxAgeSeconds: 60 },
];

/** Why tests of a program cannot run here; false when they can. In CI none may skip. */
export function without(program: string): string | false {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  if (places.some((place) => existsSync(join(place, program)))) return false;
  return process.env['CI'] === undefined ? `${program} is not installed` : false;
}

async function startApplication(t: TestContext, seen: SeenRequest[]): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = incoming;
      seen.push({ method, target: url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') });
      outgoing.end('the application');
    });
  });
  const tunnels = new Set<Duplex>();
  // An application that takes whatever tunnel it is offered, and gives back what comes through it.
  server.on('upgrade', (incoming, socket) => {
    const { method = '', url = '', headers, rawHeaders } = incoming;
    seen.push({ method, target: url, headers, rawHeaders, body: '' });
    tunnels.add(socket);
    socket.on('error', () => socket.destroy());
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    for (const socket of tunnels) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- a TCP server that listens has such an address
  return (server.address() as AddressInfo).port;
}

/** Starts the application and the login with the settings that the example files name. */
export async function startGuarded(t: TestContext): Promise<GuardedApplication> {
  const seen: SeenRequest[] = [];
  const memory = createMemoryStore({ now: () => 1_800_000_000 });
  let down = false;
  const store: Store = { ...memory, read: (key) => (down ? Promise.reject(new Error('down')) : memory.read(key)) };
  const login = await startWorld(t, {
    store,
    env: {
      FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
      FULLMAKT_LOGIN_ROLE: 'forward-auth',
      FULLMAKT_LOGIN_TRUSTED_PROXIES: '127.0.0.1/32',
      FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS: 'both',
      FULLMAKT_LOGIN_RULES: JSON.stringify(RULES),
    },
  });
  const applicationPort = await startApplication(t, seen);
  return {
    login,
    applicationPort,
    seen,
    setStoreDown: (wanted) => {
      down = wanted;
    },
  };
}

/** A folder for one program, gone when the test ends, with a certificate and its key in it. */
export async function startFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-outer-'));
  await chmod(folder, 0o755);
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [key, pem] = [join(folder, 'app.key'), join(folder, 'app.pem')];
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', pem];
  await promisify(execFile)('openssl', ['req', ...options, ...subject]);
  return folder;
}

/** The text of an example file with these pieces replaced; each of them has to stand in it. */
export async function exampleFile(name: string, pieces: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(new URL(name, EXAMPLES), 'utf8');
  for (const [piece, other] of Object.entries(pieces)) {
    if (!text.includes(piece)) throw new Error(`${name} has no ${piece}`);
    text = text.replaceAll(piece, other);
  }
  return text;
}

/** Writes a file into a folder; answers its path. */
export async function putFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Runs an outer proxy in the foreground until the test ends; resolves when it listens. */
export async function runOuter(
  t: TestContext,
  command: readonly [string, ...string[]],
  at: { readonly port: number; readonly folder: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  const [program, ...args] = command;
  const env = { ...process.env, PATH: `${process.env['PATH']}${delimiter}/usr/sbin`, HOME: at.folder, ...at.env };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  t.after(() => endChild(child, () => child.kill('SIGTERM')));
  const until = performance.now() + PATIENCE;
  while (!(await isListening(at.port))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`${program}: ${lines.join('')}`);
    await pause(20);
  }
}
