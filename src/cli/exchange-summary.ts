import { alignColumns } from '../up/table.ts';
import type { ExchangeSettings } from './exchange-settings.ts';

/** What `fullmakt exchange` has started: printed for people, or as JSON for scripts. */
export interface ExchangeSummary {
  readonly ready: true;
  /** From the start of the process. */
  readonly seconds: number;
  readonly pid: number;
  readonly workers: number;
  readonly issuer: string;
  readonly metadata: string;
  readonly origins: readonly string[];
  readonly stateDir: string;
  readonly store: string;
  readonly replayStore: string;
  readonly audit: string;
  readonly subjectIssuers: readonly string[];
}

/** The summary of a server that listens at `origins`, `seconds` after the process began. Holds no secret. */
export function summariseExchange(
  { exchange, server }: ExchangeSettings,
  origins: readonly string[],
  seconds: number,
): ExchangeSummary {
  const { issuer } = exchange;
  const { store, replayStore } = server;
  return {
    ready: true,
    seconds,
    pid: process.pid,
    workers: server.workers,
    issuer,
    metadata: `${issuer.replace(/\/$/, '')}/.well-known/oauth-authorization-server`,
    origins,
    stateDir: server.stateDir,
    store: kindOf(store),
    replayStore: kindOf(replayStore ?? store),
    audit: server.auditSink === 'postgres' ? 'PostgreSQL' : `file, ${server.auditDurability}`,
    subjectIssuers: exchange.issuers.map(({ name }) => name),
  };
}

/** URLs of databases hold passwords: only their kind is told. */
function kindOf(store: string): string {
  if (store.startsWith('postgres')) return 'PostgreSQL';
  return /^(redis|valkey)/.test(store) ? 'Valkey or Redis' : store;
}

/** The text that a person reads. */
export function describeExchange(summary: ExchangeSummary): string {
  const { subjectIssuers, workers } = summary;
  const lines = [
    ['issuer', summary.issuer],
    ['metadata', summary.metadata],
    ['listens at', summary.origins.join(', ')],
    ['processes', String(workers)],
    ['store', summary.store],
    ['replay store', summary.replayStore],
    ['audit', summary.audit],
    ['folder', summary.stateDir],
    [
      'takes tokens of',
      subjectIssuers.length === 0 ? 'nobody but itself: set FULLMAKT_EXCHANGE_ISSUERS' : subjectIssuers.join(', '),
    ],
  ];
  return `ready in ${summary.seconds.toFixed(2)} s\n\n${alignColumns(lines)}\n`;
}
