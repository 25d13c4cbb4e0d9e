import { freePort } from '../servers/free-port.ts';
import type { OuterProxy } from './forward-auth-cases.ts';
import { judgeOuterProxy } from './forward-auth-cases.ts';
import { judgeDemands } from './forward-auth-demands.ts';
import { exampleFile, putFile, runOuter, startFolder, without } from './forward-auth-world.ts';

const PROGRAM = 'caddy';

const OUTER: OuterProxy = {
  name: 'Caddy',
  skip: without(PROGRAM),
  async start(t, { login, applicationPort }) {
    const folder = await startFolder(t);
    const port = await freePort();
    const file = await exampleFile('caddy/Caddyfile', {
      // No HTTP/3: whoever gives us the port keeps the one of the same number for datagrams.
      '\tadmin off\n': '\tadmin off\n\tservers {\n\t\tprotocols h1 h2\n\t}\n',
      ':443 {': `:${port} {\n\tbind 127.0.0.1`,
      '127.0.0.1:3000': `127.0.0.1:${login.port}`,
      '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
      '/etc/caddy/certificates': folder,
    });
    const main = await putFile(folder, 'Caddyfile', file);
    await runOuter(t, [PROGRAM, 'run', '--config', main, '--adapter', 'caddyfile'], { port, folder });
    return port;
  },
};

judgeOuterProxy(OUTER);
judgeDemands(OUTER);
