import type { IdpConfig } from './config.ts';
import { bindsOf, originsOf } from './origins.ts';

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
  for (const origin of Object.values(originsOf(config))) requireMarkedIssuer(origin);
}

/** Throws UnsafeSetting unless the listen address is loopback or the flag allows others. */
export function requireLoopback(host: string, allowNonLoopback: boolean): void {
  if (allowNonLoopback || isLoopbackHost(host)) return;
  throw new UnsafeSetting(
    `the local identity providers sign anyone in and must not listen on ${host}; ` +
      'use a loopback address, or pass --allow-non-loopback (FULLMAKT_IDP_ALLOW_NON_LOOPBACK=true)',
  );
}

/** Throws UnsafeSetting unless the issuer shows that it is local: a loopback host, or a label `fullmakt-local`. */
export function requireMarkedIssuer(issuer: string): void {
  const url = URL.parse(issuer);
  // A name is the same with and without the dot of the root behind it.
  const host = url?.hostname.replace(/\.$/, '') ?? '';
  const real = REAL_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`));
  if (url !== null && !real && (isLoopbackHost(host) || host.split('.').includes('fullmakt-local'))) return;
  throw new UnsafeSetting(
    `${issuer} cannot be the issuer of a local identity provider: its host must be loopback or hold the label fullmakt-local`,
  );
}
