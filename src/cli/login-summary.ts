import { storeKind } from '../login/settings/store-url.ts';
import { alignColumns } from '../up/table.ts';
import type { LoginSetUp } from './login-settings.ts';

/** What `fullmakt login` has started: printed for people, or as JSON for scripts. */
export interface LoginSummary {
  readonly ready: true;
  /** From the start of the process. */
  readonly seconds: number;
  readonly pid: number;
  readonly role: string;
  readonly ingress: readonly string[];
  readonly upstream: string;
  readonly providers: readonly string[];
  readonly store: string;
  /** Where it listens: what a port 0 became; `metrics` and `probes` where there are some. */
  readonly origins: { readonly proxy: string; readonly metrics?: string; readonly probes?: string };
  /** Every setting in force, with nothing secret in it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The summary of a proxy that listens at `origins`, `seconds` after the process began. Holds no secret. */
export function summariseLogin(
  { config, server, effective }: LoginSetUp,
  origins: LoginSummary['origins'],
  seconds: number,
): LoginSummary {
  return {
    ready: true,
    seconds,
    pid: process.pid,
    role: config.role,
    ingress: config.ingresses.map(({ url }) => url),
    upstream: config.upstream,
    providers: config.providers.map(({ name }) => name),
    store: storeKind(server.store),
    origins,
    settings: effective,
  };
}

/** The text that a person reads. */
export function describeLogin(summary: LoginSummary): string {
  const { origins } = summary;
  const lines = [
    ['role', summary.role],
    ['for browsers', summary.ingress.join(', ')],
    ['listens at', origins.proxy],
    ['figures and health', origins.metrics ?? 'nowhere'],
    ...(origins.probes === undefined ? [] : [['health', origins.probes]]),
    ['application', summary.upstream],
    ['providers', summary.providers.join(', ')],
    ['sessions', summary.store],
  ];
  return `ready in ${summary.seconds.toFixed(2)} s\n\n${alignColumns(lines)}\n`;
}
