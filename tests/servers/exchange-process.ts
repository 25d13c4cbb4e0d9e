import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What a TokenX process is started with. */
export interface ExchangeProcessOptions {
  /** A file, or `postgres://…`. */
  readonly registry: string;
  /** The key-encryption key: 32 bytes as hex, the same for all that share a registry. */
  readonly kek: string;
  /** A file, `postgres://…` or `redis://…`; without it used assertions are remembered by the process alone. */
  readonly replay?: string;
  /** `FULLMAKT_EXCHANGE_…`, over a test issuer and a port of its own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How far its clock is ahead of this process's. */
  readonly clockAheadSeconds?: number;
  readonly revocationsFile?: string;
  /** How long the others wait for it once it is gone. */
  readonly leaseSeconds?: number;
}

/** A TokenX process that answers. It ends with this one, whatever happens. */
export interface ExchangeProcess {
  readonly origin: string;
  readonly pid: number;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, as an orchestrator would; resolves when it is gone. */
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Starts TokenX in a process of its own; rejects with what it said when it ends instead of answering. */
export async function startExchangeProcess(options: ExchangeProcessOptions): Promise<ExchangeProcess> {
  const child = fork(new URL('exchange-entry.ts', import.meta.url), [JSON.stringify(options)], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    child.kill(signal);
    await gone;
  };
  const port = await new Promise<number>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`TokenX ended with ${code}: ${said}`)));
    child.once('message', (message: { readonly port: number }) => resolve(message.port));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}
