import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../servers/free-port.ts';
import type { OuterProxy } from './forward-auth-cases.ts';
import { judgeOuterProxy } from './forward-auth-cases.ts';
import { judgeDemands } from './forward-auth-demands.ts';
import { exampleFile, putFile, runOuter, startFolder, without } from './forward-auth-world.ts';

const PROGRAM = 'haproxy';

const OUTER: OuterProxy = {
  name: 'HAProxy',
  skip: without(PROGRAM),
  async start(t, { login, applicationPort }) {
    const folder = await startFolder(t);
    const port = await freePort();
    // HAProxy wants certificate and key in one file.
    const [certificate, key] = await Promise.all(
      ['app.pem', 'app.key'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    await putFile(folder, 'both.pem', `${certificate}${key}`);
    await putFile(folder, 'fullmakt.lua', await exampleFile('haproxy/fullmakt.lua', {}));
    const file = await exampleFile('haproxy/haproxy.cfg', {
      'bind :443': `bind 127.0.0.1:${port}`,
      '127.0.0.1:3000': `127.0.0.1:${login.port}`,
      '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
      '/etc/haproxy/certificates/app.pem': join(folder, 'both.pem'),
      '/etc/haproxy/fullmakt.lua': join(folder, 'fullmakt.lua'),
    });
    const main = await putFile(folder, 'haproxy.cfg', file);
    await runOuter(t, [PROGRAM, '-db', '-f', main], { port, folder });
    return port;
  },
};

judgeOuterProxy(OUTER);
judgeDemands(OUTER);
