/** What only shows when settings are seen together. Pure. */
import { issuerUrlProblem } from '../../oauth/local-issuers.ts';
import { createTrustedProxies } from '../../web/forwarded.ts';
import { compileRules } from '../proxy/rules.ts';
import { variableOf } from './kinds.ts';
import type { LoginSettings } from './table.ts';
import { storeKind } from './store-url.ts';

function attempt(problems: string[], setting: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    problems.push(`${setting}: ${error instanceof Error ? error.message : 'not usable'}`);
  }
}

function judgeRules(settings: Partial<LoginSettings>, providers: readonly string[], problems: string[]): void {
  const { rules = [], autoLoginIgnorePaths: ignorePaths = [], autoLogin = false } = settings;
  const where = `${variableOf('rules')} or ${variableOf('auto-login-ignore-paths')}`;
  attempt(problems, where, () => compileRules({ rules, ignorePaths, autoLogin }));
  for (const { path, provider } of rules) {
    if (provider !== undefined && !providers.includes(provider))
      problems.push(`${variableOf('rules')}: the rule for ${path} names ${provider}, which is no provider here`);
  }
}

function judgeOrigins({ corsOrigins = [] }: Partial<LoginSettings>, problems: string[]): void {
  for (const origin of corsOrigins) {
    const url = URL.parse(origin);
    if (url === null || url.origin !== origin.toLowerCase().replace(/\/$/, '') || !/^https?:$/.test(url.protocol))
      problems.push(`${variableOf('cors.origins')}: ${origin} is no origin such as https://example.com`);
  }
}

function judgeExchange(settings: Partial<LoginSettings>, problems: string[]): void {
  const parts = {
    'exchange.tokenx.well-known-url': settings.exchangeTokenxWellKnownUrl,
    'exchange.tokenx.client-id': settings.exchangeTokenxClientId,
    'exchange.tokenx.client-jwk': settings.exchangeTokenxClientJwk,
  };
  const missing = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [variableOf(name)] : []));
  const isWanted = settings.upstreams?.some(({ audience }) => audience?.tokenx !== undefined) === true;
  if (missing.length > 0 && (missing.length < Object.keys(parts).length || isWanted))
    problems.push(`${missing.join(', ')} not set: tokens are exchanged at TokenX with all three`);
  const url = settings.exchangeTokenxWellKnownUrl;
  const refused = url && settings.allowLocalProviders && issuerUrlProblem(url, settings.allowLocalProviders);
  if (refused) problems.push(`${variableOf('exchange.tokenx.well-known-url')}: ${url} ${refused}`);
}

function judgeKeys({ sessionKeys, sessionKeysFile, store }: Partial<LoginSettings>, problems: string[]): void {
  const names = `${variableOf('session-keys')} or ${variableOf('session-keys-file')}`;
  if (sessionKeys !== undefined && sessionKeysFile !== undefined) problems.push(`${names}, not both`);
  if (sessionKeys !== undefined || sessionKeysFile !== undefined || store === undefined) return;
  if (storeKind(store) === 'redis')
    problems.push(`${names} has to be set, the same for every process that shares this store: openssl rand -base64 32`);
}

function judgeIngresses({ ingress = [], cookieSecure }: Partial<LoginSettings>, problems: string[]): void {
  if (cookieSecure === false && ingress.some((one) => one.scheme === 'https'))
    problems.push(`${variableOf('cookie.secure')} can be false only when every ingress is http://localhost`);
  for (const [at, { url }] of ingress.entries())
    if (ingress.findIndex((other) => other.url === url) !== at)
      problems.push(`${variableOf('ingress')}: ${url} is there twice`);
}

function judgeListeners(settings: Partial<LoginSettings>, problems: string[]): void {
  if ('bindAddress' in settings && settings.bindAddress === undefined)
    problems.push(`${variableOf('bind-address')} cannot be none`);
  const taken = new Map<string, string>();
  const { bindAddress, metricsBindAddress, probeBindAddress } = settings;
  const listeners = {
    'bind-address': bindAddress,
    'metrics-bind-address': metricsBindAddress,
    'probe-bind-address': probeBindAddress,
  };
  for (const [name, address] of Object.entries(listeners)) {
    if (address === undefined || address.port === 0) continue;
    const place = `${address.host}:${address.port}`;
    const other = taken.get(place);
    if (other !== undefined) problems.push(`${variableOf(name)}: ${place} is ${variableOf(other)} already`);
    taken.set(place, name);
  }
}

/** Everything that is wrong with settings that are good one by one; those that could not be read are left out. */
export function judgeTogether(settings: Partial<LoginSettings>, providers: readonly string[]): readonly string[] {
  const problems: string[] = [];
  judgeRules(settings, providers, problems);
  attempt(problems, variableOf('trusted-proxies'), () => createTrustedProxies(settings.trustedProxies ?? []));
  judgeOrigins(settings, problems);
  judgeExchange(settings, problems);
  judgeKeys(settings, problems);
  judgeIngresses(settings, problems);
  judgeListeners(settings, problems);
  const { shutdownGracefulPeriod: grace, shutdownWaitBeforePeriod: wait } = settings;
  if (grace !== undefined && wait !== undefined && grace <= wait)
    problems.push(
      `${variableOf('shutdown-graceful-period')} has to be longer than ${variableOf('shutdown-wait-before-period')}`,
    );
  return problems;
}
