import { integer, text, url } from '../settings.ts';
import type { Setting, SettingsTable } from '../settings.ts';

/** How much is written. */
type LogLevel = (typeof LEVELS)[number];

/** What the process of a sidecar can be told, besides what its applications need. Milliseconds; NaN = cannot be read. */
export interface SidecarServerConfig {
  readonly logLevel?: LogLevel;
  readonly rustLog?: string;
  readonly connectTimeout?: number;
  readonly readTimeout?: number;
  readonly overallTimeout?: number;
  readonly maxRetries?: number;
  readonly poolMaxIdle?: number;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly otlpEndpoint?: string;
  readonly otlpHeaders?: string;
  readonly otelServiceName: string;
  readonly otelResourceAttributes?: string;
  readonly metricExportInterval: number;
  readonly otelDisabled?: string;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The settings of the process. */
export const sidecarServerSettings: SettingsTable<SidecarServerConfig> = {
  logLevel: {
    env: 'LOG_LEVEL',
    says: 'The least that is written. Without it, a bare level in RUST_LOG.',
    kind: LEVELS.join(' | '),
    optional: true,
    shownDefault: 'info',
    parse: parseLevel,
  },
  rustLog: text({
    env: 'RUST_LOG',
    says: 'Read where LOG_LEVEL is not set, if it is one level and nothing more.',
    optional: true,
  }),
  connectTimeout: tolerant('TEXAS_HTTP_CONNECT_TIMEOUT_MILLIS', 'Longest time to connect to a provider.', '2000'),
  readTimeout: tolerant(
    'TEXAS_HTTP_READ_TIMEOUT_MILLIS',
    'Longest time without a byte of the answer of a provider.',
    '3000',
  ),
  overallTimeout: tolerant(
    'TEXAS_HTTP_OVERALL_TIMEOUT_MILLIS',
    'Longest time for one call to a provider, of which a request may make several.',
    '5000',
  ),
  maxRetries: tolerant('TEXAS_HTTP_MAX_RETRIES', 'Further attempts after a call that failed.', '1'),
  poolMaxIdle: tolerant('TEXAS_HTTP_POOL_MAX_IDLE', 'Idle connections kept for each host.', '100'),
  httpsProxy: proxy({
    env: 'HTTPS_PROXY',
    aliases: ['https_proxy'],
    says: 'The proxy for calls over https; http://host:port, with user and password before the host where it wants them.',
    optional: true,
  }),
  noProxy: text({
    env: 'NO_PROXY',
    aliases: ['no_proxy'],
    says: 'Hosts, domains, addresses and networks that are called without the proxy; * is all. This machine always is.',
    optional: true,
  }),
  otlpEndpoint: url({
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    says: 'Collector that spans and metrics are sent to over OTLP/HTTP; without it they are not.',
    optional: true,
  }),
  otlpHeaders: text({
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    says: 'Headers for the collector: name=value, with commas between.',
    optional: true,
    secret: true,
  }),
  otelServiceName: text({
    env: 'OTEL_SERVICE_NAME',
    says: 'Name of this service in what the collector gets.',
    fallback: 'fullmakt-sidecar',
  }),
  otelResourceAttributes: text({
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    says: 'What else the collector is told of this process: name=value, with commas between.',
    optional: true,
  }),
  metricExportInterval: integer({
    env: 'OTEL_METRIC_EXPORT_INTERVAL',
    says: 'Milliseconds between two deliveries of metrics.',
    fallback: 60_000,
  }),
  otelDisabled: text({ env: 'OTEL_SDK_DISABLED', says: 'true: nothing is sent after all.', optional: true }),
};

/** A level by its name. Throws an Error whose message lists them. */
function parseLevel(value: string): LogLevel {
  const level = levelOf(value);
  if (level === undefined) throw new Error(`one of ${LEVELS.join(', ')}`);
  return level;
}

/** The level of this name, in any case; that below debug is debug. */
function levelOf(value: string): LogLevel | undefined {
  const word = value.trim().toLowerCase();
  return word === 'trace' ? 'debug' : LEVELS.find((level) => level === word);
}

function tolerant(env: string, says: string, shownDefault: string): Setting<number> {
  return { env, says, shownDefault, optional: true, kind: 'whole number', parse: numberOrNaN };
}

function numberOrNaN(value: string): number {
  return /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
}

function proxy(spec: Omit<Setting<string>, 'kind' | 'parse'>): Setting<string> {
  return { ...spec, kind: 'URL', parse: parseProxy };
}

function parseProxy(value: string): string {
  const at = URL.parse(value);
  if (at?.protocol !== 'http:' || at.pathname !== '/' || at.search !== '') throw new Error('http://host:port');
  return value;
}

/** How calls to providers are limited, in milliseconds; keys and metadata have longer unless they are told of too. */
export interface CallLimits {
  readonly tokens: { readonly connect: number; readonly read: number; readonly overall: number };
  readonly documents: { readonly connect: number; readonly read: number; readonly overall: number };
  readonly maxRetries: number;
  readonly poolMaxIdle: number;
}

const TOKEN_LIMITS = { connect: 2000, read: 3000, overall: 5000 };
const DOCUMENT_LIMITS = { connect: 5000, read: 5000, overall: 10_000 };

/** The limits of outbound calls, and a warning for each variable that cannot be read: then the usual limit holds. */
export function callLimits(config: SidecarServerConfig): { limits: CallLimits; warnings: readonly string[] } {
  const warnings: string[] = [];
  const given = (member: (typeof TOLERANT)[number]): number | undefined => {
    const value = config[member];
    if (value === undefined) return undefined;
    if (value > 0 || (value === 0 && !member.endsWith('Timeout'))) return value;
    const { env, shownDefault = '' } = sidecarServerSettings[member];
    warnings.push(`${env} is not usable: the default holds, which is ${shownDefault}`);
    return undefined;
  };
  const [connect, read, overall] = [given('connectTimeout'), given('readTimeout'), given('overallTimeout')];
  const own = {
    ...(connect === undefined ? {} : { connect }),
    ...(read === undefined ? {} : { read }),
    ...(overall === undefined ? {} : { overall }),
  };
  const limits = {
    tokens: { ...TOKEN_LIMITS, ...own },
    documents: { ...DOCUMENT_LIMITS, ...own },
    maxRetries: given('maxRetries') ?? 1,
    poolMaxIdle: given('poolMaxIdle') ?? 100,
  };
  return { limits, warnings };
}

const TOLERANT = ['connectTimeout', 'readTimeout', 'overallTimeout', 'maxRetries', 'poolMaxIdle'] as const;

/** LOG_LEVEL, else RUST_LOG where it is one level alone, else `info`. */
export function logLevelOf({ logLevel, rustLog = '' }: SidecarServerConfig): LogLevel {
  return logLevel ?? levelOf(rustLog) ?? 'info';
}
