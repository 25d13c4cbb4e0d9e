import { join } from 'node:path';
import type { Address } from '../settings.ts';
import type { IdpConfig } from './config.ts';

/** Every address that the providers may be told to listen on, but the control API's. */
export function bindsOf(config: IdpConfig): readonly Address[] {
  const binds = [
    config.idportenBind,
    config.idportenLoginBind,
    config.idportenTlsBind,
    config.idportenLoginTlsBind,
    config.entraBind,
    config.entraHttpBind,
    config.graphBind,
    config.maskinportenBind,
    config.maskinportenTlsBind,
    config.openidBind,
    config.openidTlsBind,
    config.oidfBasicBind,
    config.oidfFapi2Bind,
    config.oidfCcBind,
  ];
  return binds.filter((bind) => bind !== undefined);
}

/** The issuers and origins of a configuration. */
export interface IdpOrigins {
  readonly idporten: string;
  readonly idportenLogin: string;
  readonly entra: string;
  readonly graph: string;
  readonly maskinporten: string;
  readonly openid: string;
  readonly oidfBasic: string;
  readonly oidfFapi2: string;
  readonly oidfCc: string;
}

/** Issuers and origins: as configured, else the addresses. They never come from a request. */
export function originsOf(config: IdpConfig): IdpOrigins {
  return {
    idporten: config.idportenIssuer ?? `http://${at(config.idportenBind)}`,
    idportenLogin: config.idportenLoginOrigin ?? `http://${at(config.idportenLoginBind)}`,
    entra: config.entraOrigin ?? `https://${at(config.entraBind)}`,
    graph: config.graphOrigin ?? `https://${at(config.graphBind)}`,
    maskinporten: config.maskinportenIssuer ?? `http://${at(config.maskinportenBind)}/`,
    openid: config.openidIssuer ?? `http://${at(config.openidBind)}`,
    oidfBasic: config.oidfBasicIssuer ?? `https://${at(config.oidfBasicBind)}`,
    oidfFapi2: config.oidfFapi2Issuer ?? `https://${at(config.oidfFapi2Bind)}`,
    oidfCc: config.oidfCcIssuer ?? `https://${at(config.oidfCcBind)}`,
  };
}

/** Where the control API is, and the file with its bearer token. */
export interface ControlAddress {
  readonly url: string;
  readonly tokenFile: string;
}

/** The control API of a configuration. */
export function controlOf(config: IdpConfig): ControlAddress {
  return { url: `http://${at(config.controlBind)}`, tokenFile: join(config.stateDir, 'control-token') };
}

/** Hosts of the origins beside localhost, 127.0.0.1 and ::1, which every certificate has anyway. */
export function extraHostsOf(config: IdpConfig): readonly string[] {
  const hosts = Object.values(originsOf(config)).map((origin) => new URL(origin).hostname);
  return [...new Set(hosts)].filter((host) => !['localhost', '127.0.0.1', '[::1]'].includes(host)).toSorted();
}

function at({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
