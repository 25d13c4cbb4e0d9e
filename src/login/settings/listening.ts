/** Settings of where the proxy listens, what it protects. */
import type { Address, SettingsTable } from '../../settings.ts';
import { boolean, json, list, url } from '../../settings.ts';
import type { Ingress } from '../ingress.ts';
import { parseIngress } from '../ingress.ts';
import type { RuleSetting } from '../proxy/rules.ts';
import { parseRules } from './rules.ts';
import { custom, named, parseAddressOrNone, same } from './kinds.ts';

/** Settings of where the proxy listens, what it protects. */
export interface ListeningSettings {
  readonly ingress: readonly Ingress[];
  readonly bindAddress: Address | undefined;
  readonly metricsBindAddress: Address | undefined;
  readonly upstream: string;
  readonly autoLogin: boolean;
  readonly autoLoginIgnorePaths: readonly string[];
  readonly rules: readonly RuleSetting[];
  readonly trustedProxies: readonly string[];
  readonly serviceHosts: readonly string[];
  readonly upstreamIdToken: boolean;
}

/** The rows of these settings. */
export const LISTENING_TABLE: SettingsTable<ListeningSettings> = {
  ingress: custom({
    ...same('INGRESS'),
    kind: 'list of URLs',
    says: 'Public URLs under which browsers reach the application.',
    parse: (value) => value.split(',').map((one) => parseIngress(one.trim())),
  }),
  bindAddress: custom<Address | undefined>({
    ...same('BIND_ADDRESS'),
    kind: 'host:port',
    fallback: { host: '127.0.0.1', port: 3000 },
    shownDefault: '127.0.0.1:3000',
    says: 'Where the proxy listens.',
    parse: parseAddressOrNone,
  }),
  metricsBindAddress: custom<Address | undefined>({
    ...same('METRICS_BIND_ADDRESS'),
    kind: 'host:port or none',
    fallback: { host: '127.0.0.1', port: 3001 },
    shownDefault: '127.0.0.1:3001',
    says: 'Where metrics and health checks listen; none = nowhere.',
    parse: parseAddressOrNone,
  }),
  upstream: url({ ...named('UPSTREAM'), fallback: 'http://127.0.0.1:8080', says: 'The application.' }),
  autoLogin: boolean({
    ...same('AUTO_LOGIN'),
    fallback: false,
    says: 'Whether login is demanded on every path no rule speaks of.',
  }),
  autoLoginIgnorePaths: list({
    ...same('AUTO_LOGIN_IGNORE_PATHS'),
    fallback: [],
    says: 'Path patterns that never demand login.',
  }),
  rules: json(parseRules)({
    ...named('RULES'),
    fallback: [],
    says: 'Ordered rules {path, methods, hosts, login, authorization, preflight}; the first that fits decides.',
  }),
  trustedProxies: list({
    ...named('TRUSTED_PROXIES'),
    fallback: [],
    says: 'Addresses and ranges whose X-Forwarded headers are believed.',
  }),
  serviceHosts: list({
    ...named('SERVICE_HOSTS'),
    fallback: [],
    says: 'Further hosts that reach the application without sessions.',
  }),
  upstreamIdToken: boolean({
    ...named('UPSTREAM_ID_TOKEN', 'WONDERWALL_UPSTREAM_INCLUDE_ID_TOKEN'),
    fallback: false,
    says: 'Whether the ID token is sent to the application as X-Wonderwall-Id-Token.',
  }),
};
