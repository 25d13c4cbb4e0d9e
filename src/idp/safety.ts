import type { IdpConfig } from './config.ts';
import { bindsOf, originsOf } from './origins.ts';
import type { IdpOrigins } from './origins.ts';

/** A setting that would make a local service pass for a real one or reachable by others. Programs exit with 78 (EX_CONFIG). */
export class UnsafeSetting extends Error {
  readonly exitCode: number = 78;
  constructor(message: string) {
    super(message);
    this.name = 'UnsafeSetting';
  }
}

const REAL_DOMAINS = [
  'idporten.no',
  'maskinporten.no',
  'digdir.no',
  'microsoftonline.com',
  'microsoft.com',
  'windows.net',
];

/** True for names and addresses that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare);
}

/**
 * Throws UnsafeSetting unless every address is loopback (or the flag allows others; the control API's always) and every issuer
 * shows that it is local.
 */
export function requireSafety(config: IdpConfig): void {
  for (const bind of bindsOf(config)) requireLoopback(bind.host, config.allowNonLoopback);
  const { host } = config.controlBind;
  if (!isLoopbackHost(host)) {
    throw new UnsafeSetting(
      `the control API must not listen on ${host}: FULLMAKT_IDP_CONTROL_BIND takes a loopback address, whatever --allow-non-loopback says`,
    );
  }
  const origins = originsOf(config);
  for (const [name, setting] of ORIGIN_SETTINGS) requireMarkedIssuer(origins[name], setting);
}

const ORIGIN_SETTINGS: readonly (readonly [keyof IdpOrigins, string])[] = [
  ['idporten', 'FULLMAKT_IDP_IDPORTEN_ISSUER'],
  ['idportenLogin', 'FULLMAKT_IDP_IDPORTEN_LOGIN_ORIGIN'],
  ['entra', 'FULLMAKT_IDP_ENTRA_ORIGIN'],
  ['graph', 'FULLMAKT_IDP_GRAPH_ORIGIN'],
  ['maskinporten', 'FULLMAKT_IDP_MASKINPORTEN_ISSUER'],
  ['openid', 'FULLMAKT_IDP_OPENID_ISSUER'],
  ['oidfBasic', 'FULLMAKT_IDP_OIDF_BASIC_ISSUER'],
  ['oidfFapi2', 'FULLMAKT_IDP_OIDF_FAPI2_ISSUER'],
  ['oidfCc', 'FULLMAKT_IDP_OIDF_CC_ISSUER'],
];

/** Throws UnsafeSetting unless the listen address is loopback or the flag allows others. */
export function requireLoopback(host: string, allowNonLoopback: boolean): void {
  if (allowNonLoopback || isLoopbackHost(host)) return;
  throw new UnsafeSetting(
    `the local identity providers sign anyone in and must not listen on ${host}; ` +
      'use a loopback address, or pass --allow-non-loopback (FULLMAKT_IDP_ALLOW_NON_LOOPBACK=true)',
  );
}

/** Throws UnsafeSetting, which names the setting, unless the issuer shows that it is local: a loopback host, or a label `fullmakt-local`. */
export function requireMarkedIssuer(issuer: string, setting: string): void {
  const url = URL.parse(issuer);
  // A name is the same with and without the dot of the root behind it.
  const host = url?.hostname.replace(/\.$/, '') ?? '';
  const real = REAL_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`));
  if (url !== null && !real && (isLoopbackHost(host) || host.split('.').includes('fullmakt-local'))) return;
  throw new UnsafeSetting(
    `${issuer} cannot be the issuer of a local identity provider: its host must be loopback or hold the label fullmakt-local (${setting})`,
  );
}
