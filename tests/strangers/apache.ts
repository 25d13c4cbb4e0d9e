import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endChild } from './children.ts';

/** Debian's Apache and its module for OpenID Connect. */
export const APACHE_FILES: readonly string[] = ['/usr/sbin/apache2', '/usr/lib/apache2/modules/mod_auth_openidc.so'];

/** An Apache of this test alone. */
export interface Apache {
  readonly origin: string;
  /** Its first process: those that answer are its children. */
  readonly pid: number;
  /** What it wrote to its log so far. */
  readonly log: () => string;
  close(): Promise<void>;
}

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc'];

/**
 * Starts Apache in the foreground on a port of 127.0.0.1. `directives` are lines about the module; everything below `/secure/`
 * wants a user (`caFile`: the authority that it believes), and answers with `X-Pid` and `X-Sub`, the claims of the one it got. Rejects when it does not start.
 */
export async function startApache(port: number, directives: readonly string[], caFile?: string): Promise<Apache> {
  const folder = await mkdtemp(join(tmpdir(), 'fullmakt-apache-'));
  // Its children run as another user when it is started by root.
  await chmod(folder, 0o755);
  const file = join(folder, 'apache.conf');
  await mkdir(join(folder, 'secure'));
  await writeFile(join(folder, 'secure', 'page.txt'), 'the protected page');
  await writeFile(join(folder, 'bye.txt'), 'signed out');
  const believed = join(folder, 'ca.pem');
  if (caFile !== undefined) await copyFile(caFile, believed);
  const trust = caFile === undefined ? [] : [`OIDCCABundlePath "${believed}"`];
  await writeFile(file, configuration(folder, port, [...directives, ...trust]));
  const child = spawn('/usr/sbin/apache2', ['-D', 'FOREGROUND', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const close = async (): Promise<void> => {
    await endChild(child, () => child.kill('SIGTERM'));
    await rm(folder, { recursive: true });
  };
  const started = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      if (line.includes('resuming normal operations')) started.resolve();
    });
  }
  child.once('error', started.reject);
  child.once('close', (code) => started.reject(new Error(`apache2 ended with ${code}:\n${lines.join('\n')}`)));
  try {
    await started.promise;
  } catch (error) {
    await close();
    throw error;
  }
  return { origin: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, log: () => lines.join('\n'), close };
}

function configuration(folder: string, port: number, directives: readonly string[]): string {
  return `
ServerRoot "${folder}"
DefaultRuntimeDir "${folder}"
PidFile "${folder}/pid"
Listen 127.0.0.1:${port}
ServerName http://127.0.0.1:${port}
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ErrorLog "|/bin/cat"
LogLevel warn core:info mpm_event:notice auth_openidc:info
DocumentRoot "${folder}"
OIDCRedirectURI http://127.0.0.1:${port}/secure/callback
OIDCCryptoPassphrase a-passphrase-of-this-test
OIDCPKCEMethod S256
OIDCScope "openid profile"
${directives.join('\n')}
<Directory "${folder}">
  Require all granted
</Directory>
<Location /secure/>
  AuthType openid-connect
  Require valid-user
  Header always set X-Pid "%{OIDC_CLAIM_pid}e"
  Header always set X-Sub "%{OIDC_CLAIM_sub}e"
</Location>
`;
}
