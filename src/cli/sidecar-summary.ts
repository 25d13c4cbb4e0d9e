import { alignColumns } from '../up/table.ts';
import type { RunningSidecar } from './sidecar-alone.ts';
import type { SidecarSetUp } from './sidecar-settings.ts';

/** What `fullmakt sidecar` has started: printed for people, or as JSON for scripts. */
export interface SidecarSummary {
  readonly ready: true;
  /** From the start of the process. */
  readonly seconds: number;
  readonly pid: number;
  /** The providers that are on. */
  readonly providers: readonly string[];
  /** Where it listens: what a port 0 became, and `unix:` before the path of a socket. */
  readonly origins: { readonly api?: string; readonly socket?: string; readonly probes?: string };
  /** Of a daemon: what it serves, and what it refused. */
  readonly apps?: { readonly served: readonly string[]; readonly refused: readonly string[] };
  /** Every setting in force, with nothing secret in it. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The summary of a sidecar that listens at `origins` (by listener), `seconds` after the process began. Holds no secret. */
export function summariseSidecar(
  { providers = [], effective }: SidecarSetUp,
  { origins, apps }: Pick<RunningSidecar, 'origins' | 'apps'>,
  seconds: number,
): SidecarSummary {
  const { sidecar: api, 'sidecar socket': socket, 'sidecar probes': probes } = origins;
  return {
    ready: true,
    seconds,
    pid: process.pid,
    providers,
    origins: {
      ...(api === undefined ? {} : { api }),
      ...(socket === undefined ? {} : { socket }),
      ...(probes === undefined ? {} : { probes }),
    },
    ...(apps && { apps: { served: [...apps.hosted.keys()], refused: [...apps.refused.keys()] } }),
    settings: effective,
  };
}

/** The text that a person reads. */
export function describeSidecar({ seconds, providers, origins, apps }: SidecarSummary): string {
  const lines = [
    ...(apps === undefined ? [] : [['applications', `${apps.served.length} served, ${apps.refused.length} refused`]]),
    ...(origins.api === undefined ? [] : [['for the application', origins.api]]),
    ...(origins.socket === undefined ? [] : [['for the application', origins.socket]]),
    ['probes and figures', origins.probes ?? 'nowhere'],
    ...(apps === undefined
      ? [
          [
            'providers',
            providers.length === 0 ? 'none is switched on: AZURE_ENABLED=true and its like do' : providers.join(', '),
          ],
        ]
      : []),
  ];
  return `ready in ${seconds.toFixed(2)} s\n\n${alignColumns(lines)}\n`;
}
