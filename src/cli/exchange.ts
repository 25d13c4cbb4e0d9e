import cluster from 'node:cluster';
import module from 'node:module';
import type { Environment } from '../settings.ts';
import { claimStateFolder, makeStateFolder } from '../up/state-folder.ts';
import { closeWithin, thenEnd } from './end-in-time.ts';
import { errorText } from './error-text.ts';
import { startExchangeAlone } from './exchange-alone.ts';
import type { RunningExchange } from './exchange-alone.ts';
import { parseExchangeArguments } from './exchange-arguments.ts';
import type { WorkerSays } from './exchange-messages.ts';
import { exchangeServerSettings } from './exchange-settings.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import { describeExchange, summariseExchange } from './exchange-summary.ts';
import { startWorkers } from './exchange-workers.ts';
import { untilSignal } from './until-signal.ts';

const COULD_NOT_START = 4;
/** More than requests that were begun may take to end, and less than a worker is given by the one that started it. */
const GONE_AFTER_SECONDS = 25;

/**
 * `fullmakt exchange`: TokenX alone, in one process or several on one port, until SIGINT, SIGTERM or SIGHUP. `import`, `rewrap` and
 * `issuers` change what it keeps. Resolves with the exit code. Throws ExchangeUsage, UpError, RegistryUnavailable, PortTaken.
 */
export async function runExchange(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseExchangeArguments(args);
  if (command.action !== 'start') {
    const { maintainExchange } = await import('./exchange-maintenance.ts');
    process.stdout.write(await maintainExchange(command, env, cwd));
    return 0;
  }
  const settings = exchangeServerSettings(command, env, cwd);
  return thenEnd(() => (cluster.isWorker ? runWorker(settings) : serveExchange(settings, command.json)));
}

async function serveExchange(settings: ExchangeSettings, json: boolean): Promise<number> {
  for (const warning of settings.warnings) notice(warning);
  makeStateFolder(settings.server.stateDir);
  const release = claim(settings);
  try {
    return settings.server.workers > 1 ? await runPrimary(settings, json) : await runSingle(settings, json);
  } finally {
    release();
  }
}

async function runSingle(settings: ExchangeSettings, json: boolean): Promise<number> {
  const ending = untilSignal();
  const running = await startExchangeAlone(settings, false);
  announce(settings, running.origins, json);
  // Now and not at the end: whoever kills this process should not have the next one strip all types again.
  module.flushCompileCache();
  notice(`${await ending}: stopping`);
  await close(running, settings);
  return 0;
}

function close(running: RunningExchange, { server }: ExchangeSettings): Promise<void> {
  return closeWithin(server.drainDelaySeconds + GONE_AFTER_SECONDS, () => running.close());
}

async function runPrimary(settings: ExchangeSettings, json: boolean): Promise<number> {
  const ending = untilSignal();
  const { workers: count, drainDelaySeconds } = settings.server;
  const workers = startWorkers(count, drainDelaySeconds, {
    restarted: (pid, how, afterMs) => notice(`worker ${pid ?? '?'} ended (${how}); a new one starts in ${afterMs} ms`),
    failed: (pid, why) => notice(`worker ${pid ?? '?'} failed: ${why}`),
    stalled: (pid) => notice(`worker ${pid ?? '?'} does not answer any more and is ended`),
  });
  try {
    const origins = await Promise.race([workers.ready, ending]);
    if (Array.isArray(origins)) announce(settings, origins, json);
    notice(`${await ending}: stopping`);
  } finally {
    await workers.close();
  }
  return 0;
}

/** One of several: it ends by SIGTERM from the one that started it, or when that one is gone. Ctrl-C is the other's to hear. */
async function runWorker(settings: ExchangeSettings): Promise<number> {
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  const told = new Promise<void>((resolve) => process.once('SIGTERM', resolve));
  try {
    const running = await startExchangeAlone(settings, true);
    running.line?.say({ kind: 'ready', summary: running.origins });
    await Promise.race([told, running.line?.lost]);
    await close(running, settings);
    process.disconnect?.();
    return 0;
  } catch (error) {
    return await failed(error);
  }
}

/** The process that started this one says it, once for all of them. The line to it would keep this one from ending. */
async function failed(error: unknown): Promise<never> {
  const words: WorkerSays = { kind: 'failed', exitCode: COULD_NOT_START, message: errorText(error) };
  await new Promise<void>((resolve) => {
    if (process.connected) process.send?.(words, undefined, undefined, () => resolve());
    else resolve();
  });
  process.exit(COULD_NOT_START);
}

/** The embedded store has one owner at a time: a second server would not be one with the first. */
function claim({ server }: ExchangeSettings): () => void {
  if (server.store !== 'embedded') return () => {};
  const { stateDir } = server;
  const startedAt = new Date().toISOString();
  return claimStateFolder(stateDir, { command: 'exchange', pid: process.pid, startedAt }).release;
}

function announce(settings: ExchangeSettings, origins: readonly string[], json: boolean): void {
  const summary = summariseExchange(settings, origins, performance.now() / 1000);
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : describeExchange(summary));
}

function notice(line: string): void {
  process.stderr.write(`${line}\n`);
}
