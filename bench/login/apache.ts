import { existsSync } from 'node:fs';
import { freePort } from '../../tests/servers/free-port.ts';
import { APACHE_FILES, startApache } from '../../tests/strangers/apache.ts';
import { processCpuMicros, processTree } from '../shared/processes.ts';
import type { BenchServer } from '../shared/servers.ts';
import { CLIENT_ID, CLIENT_SECRET } from './world.ts';

export const hasApache: boolean = APACHE_FILES.every(existsSync);

/** Apache with mod_auth_openidc, its sessions in Redis, which adds the user's access token to what it passes on. */
export async function startModAuthOpenidc(options: {
  readonly wellKnownUrl: string;
  readonly appPort: number;
  readonly redisPort: number;
}): Promise<BenchServer> {
  const port = await freePort();
  const modules = ['proxy', 'proxy_http'].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  const apache = await startApache(port, [
    ...modules,
    'LogLevel warn mpm_event:notice auth_openidc:warn',
    'ServerLimit 1',
    'StartServers 1',
    'ThreadsPerChild 64',
    'MaxRequestWorkers 64',
    'MaxKeepAliveRequests 0',
    'KeepAliveTimeout 120',
    `OIDCProviderMetadataURL ${options.wellKnownUrl}`,
    `OIDCClientID ${CLIENT_ID}`,
    `OIDCClientSecret "${CLIENT_SECRET}"`,
    'OIDCCacheType redis',
    `OIDCRedisCacheServer 127.0.0.1:${options.redisPort}`,
    `ProxyPass /secure/callback !`,
    `ProxyPass /secure/app/ http://127.0.0.1:${options.appPort}/ keepalive=On`,
    '<Location /secure/app/>\nRequestHeader set Authorization "expr=Bearer %{HTTP:OIDC_access_token}"\n</Location>',
  ]);
  let closed: Promise<void> | undefined;
  return {
    port,
    pid: apache.pid,
    cpuMicros: () => processTree(apache.pid).reduce((sum, each) => sum + processCpuMicros(each), 0),
    stop: () => (closed ??= apache.close()),
  };
}
