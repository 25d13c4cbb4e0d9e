/** Settings of where the proxy listens, what it protects. */
import type { Address, SettingsTable } from '../../settings.ts';
import { boolean, json, list } from '../../settings.ts';
import type { Ingress } from '../ingress.ts';
import { parseIngress } from '../ingress.ts';
import type { RuleSetting } from '../proxy/rules.ts';
import { parseRules } from './rules.ts';
import type { UpstreamRoute } from './upstreams.ts';
import { parseUpstreams } from './upstreams.ts';
import { custom, named, parseAddressOrNone, parseApplication, parseHosts, same } from './kinds.ts';

/** Settings of where the proxy listens, what it protects. */
export interface ListeningSettings {
  readonly ingress: readonly Ingress[];
  readonly bindAddress: Address | undefined;
  readonly metricsBindAddress: Address | undefined;
  readonly probeBindAddress?: Address | undefined;
  readonly upstream: string;
  readonly upstreams: readonly UpstreamRoute[];
  readonly autoLogin: boolean;
  readonly autoLoginIgnorePaths: readonly string[];
  readonly rules: readonly RuleSetting[];
  readonly trustedProxies: readonly string[];
  readonly serviceHosts: readonly string[];
  readonly upstreamIdToken: boolean;
  readonly upstreamAccessLogs: boolean;
}

/** The rows of these settings. */
export const LISTENING_TABLE: SettingsTable<ListeningSettings> = {
  ingress: custom({
    ...same('ingress'),
    kind: 'list of URLs',
    says: 'Public URLs under which browsers reach the application.',
    parse: (value) => value.split(',').map((one) => parseIngress(one.trim())),
  }),
  bindAddress: custom<Address | undefined>({
    ...same('bind-address'),
    kind: 'host:port',
    fallback: { host: '127.0.0.1', port: 3000 },
    shownDefault: '127.0.0.1:3000',
    says: 'Where the proxy listens.',
    parse: parseAddressOrNone,
  }),
  metricsBindAddress: custom<Address | undefined>({
    ...same('metrics-bind-address'),
    kind: 'host:port or none',
    fallback: { host: '127.0.0.1', port: 3001 },
    shownDefault: '127.0.0.1:3001',
    says: 'Where metrics and health checks listen; none = nowhere.',
    parse: parseAddressOrNone,
  }),
  probeBindAddress: custom<Address | undefined>({
    ...same('probe-bind-address'),
    kind: 'host:port or none',
    optional: true,
    says: 'Where health checks listen besides the metrics listener.',
    parse: parseAddressOrNone,
  }),
  upstream: custom({
    ...named('upstream', 'WONDERWALL_UPSTREAM_HOST'),
    kind: 'URL',
    parse: parseApplication,
    fallback: 'http://127.0.0.1:8080',
    says: 'The application. WONDERWALL_UPSTREAM_IP and WONDERWALL_UPSTREAM_PORT together come before WONDERWALL_UPSTREAM_HOST.',
  }),
  autoLogin: boolean({
    ...same('auto-login'),
    fallback: false,
    says: 'Whether login is demanded on every path no rule speaks of.',
  }),
  autoLoginIgnorePaths: list({
    ...same('auto-login-ignore-paths'),
    fallback: [],
    says: 'Path patterns that never demand login.',
  }),
  rules: json(parseRules)({
    ...named('rules'),
    fallback: [],
    says: 'Ordered rules {path, methods, hosts, login, authorization, preflight, provider, acr, maxAgeSeconds, csrf}; the first that fits decides. GET among the methods stands for HEAD too.',
  }),
  upstreams: json(parseUpstreams)({
    ...named('upstreams'),
    fallback: [],
    says: 'Applications of their own below a path, longest first: {"/api":{"upstream":"http://…","audience":{"tokenx":"cluster:namespace:app","entra":"api://cluster.namespace.app/.default"}}}.',
  }),
  trustedProxies: list({
    ...named('trusted-proxies'),
    fallback: [],
    says: 'Addresses and ranges whose X-Forwarded headers are believed.',
  }),
  serviceHosts: custom({
    ...named('service-hosts'),
    kind: 'list',
    parse: parseHosts,
    fallback: [],
    says: 'Further hosts that reach the application without sessions.',
  }),
  upstreamIdToken: boolean({
    ...named('upstream-id-token', 'WONDERWALL_UPSTREAM_INCLUDE_ID_TOKEN'),
    fallback: false,
    says: 'Whether the ID token is sent to the application as X-Wonderwall-Id-Token.',
  }),
  upstreamAccessLogs: boolean({
    ...same('upstream-access-logs'),
    fallback: false,
    says: 'Whether navigations and requests other than GET to the application are logged.',
  }),
};
