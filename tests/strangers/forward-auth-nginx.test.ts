import { freePort } from '../servers/free-port.ts';
import type { OuterProxy } from './forward-auth-cases.ts';
import { judgeOuterProxy } from './forward-auth-cases.ts';
import { judgeDemands } from './forward-auth-demands.ts';
import { exampleFile, putFile, runOuter, startFolder, without } from './forward-auth-world.ts';

const PROGRAM = 'nginx';

/** The rest of nginx' configuration: in the foreground, with everything it writes in one folder. */
function around(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  return `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; events {}
http { access_log off; ${temporary.join(' ')} include ${folder}/fullmakt.conf; }`;
}

const OUTER: OuterProxy = {
  name: 'nginx',
  skip: without(PROGRAM),
  async start(t, { login, applicationPort }) {
    const folder = await startFolder(t);
    const port = await freePort();
    const file = await exampleFile('nginx/fullmakt.conf', {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      '127.0.0.1:3000': `127.0.0.1:${login.port}`,
      '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
      '/etc/nginx/certificates': folder,
    });
    await putFile(folder, 'fullmakt.conf', file);
    const main = await putFile(folder, 'nginx.conf', around(folder));
    await runOuter(t, [PROGRAM, '-p', folder, '-e', 'stderr', '-c', main], { port, folder });
    return port;
  },
};

judgeOuterProxy(OUTER);
judgeDemands(OUTER);
