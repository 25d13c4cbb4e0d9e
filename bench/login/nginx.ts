import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../tests/servers/free-port.ts';
import { isListening } from '../../tests/servers/is-listening.ts';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';

const LOOKS = 200;
const LOOK_MS = 25;

export const hasNginx: boolean = existsSync('/usr/sbin/nginx');

/** nginx with one worker, which passes everything on over connections that are kept. */
export async function startNginx(folder: string, appPort: number): Promise<BenchServer> {
  const port = await freePort();
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  upstream app { server 127.0.0.1:${appPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 100000000;
    keepalive_timeout 120;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`,
  );
  const child = spawn('/usr/sbin/nginx', ['-p', folder, '-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilOpen(port);
  return serverOf(child, port);
}

async function untilOpen(port: number): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    if (await isListening(port)) return;
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await pause(LOOK_MS);
  }
  throw new Error(`nothing listens on ${port}`);
}
