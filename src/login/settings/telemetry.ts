/** Settings of what the proxy tells collectors. */
import type { Environment, SettingsTable } from '../../settings.ts';
import { boolean, text } from '../../settings.ts';
import { named, same } from './kinds.ts';

/** Settings of what the proxy tells collectors. */
export interface TelemetrySettings {
  readonly metricsWonderwallNames: boolean;
  readonly otelEnabled: boolean;
  readonly otelServiceName: string;
}

/** The rows of these settings. */
export const TELEMETRY_TABLE: SettingsTable<TelemetrySettings> = {
  metricsWonderwallNames: boolean({
    ...named('metrics.wonderwall-names'),
    fallback: true,
    says: 'Whether metrics also have the names that dashboards of Wonderwall ask for.',
  }),
  otelEnabled: boolean({
    ...same('otel.enabled'),
    fallback: false,
    says: 'Whether spans are sent over OTLP/HTTP; OTEL_EXPORTER_OTLP_ENDPOINT turns them on too.',
  }),
  otelServiceName: text({
    ...same('otel.service-name'),
    fallback: 'fullmakt-login',
    says: 'Name of this service in traces; OTEL_SERVICE_NAME comes first.',
  }),
};

/** What of the configuration these settings make. */
export interface TelemetryConfig {
  readonly metrics: { readonly wonderwallNames: boolean };
  readonly otel: {
    readonly enabled: boolean;
    readonly serviceName: string;
    /** Where spans are posted to; undefined = the collector on this machine that OTLP/HTTP assumes. */
    readonly url: string | undefined;
  };
}

const TRACES_PATH = 'v1/traces';

/** What is wrong with the variables of OpenTelemetry that say where the collector is; nothing of them is shown. */
export function judgeCollector(env: Environment): readonly string[] {
  if (isOff(env)) return [];
  return ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].flatMap((name) => {
    const value = env[name]?.trim() ?? '';
    const isUsable = value === '' || /^https?:$/.test(URL.parse(value)?.protocol ?? '');
    return isUsable ? [] : [`${name} is not usable: expected a URL such as http://localhost:4318`];
  });
}

function isOff(env: Environment): boolean {
  return env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
}

/** The settings together with the variables that every OpenTelemetry program reads, whose word is the last. */
export function telemetryOf(settings: TelemetrySettings, env: Environment): TelemetryConfig {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined;
  const base = read('OTEL_EXPORTER_OTLP_ENDPOINT');
  const traces = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  return {
    metrics: { wonderwallNames: settings.metricsWonderwallNames },
    otel: {
      enabled: !isOff(env) && (settings.otelEnabled || base !== undefined || traces !== undefined),
      serviceName: read('OTEL_SERVICE_NAME') ?? settings.otelServiceName,
      url: traces ?? (base === undefined ? undefined : `${base.replace(/(?<!\/)\/+$/, '')}/${TRACES_PATH}`),
    },
  };
}
