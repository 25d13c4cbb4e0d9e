import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { rawExchange } from '../../web/testing/raw-client.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten', 'openid'] });
after(() => world.close());

const DOCUMENTS = {
  'ID-porten': ['/.well-known/openid-configuration', 'http://localhost:7410'],
  'Entra ID (http)': ['/common/discovery/instance', 'https://localhost:7421'],
  Maskinporten: ['/.well-known/oauth-authorization-server', 'http://localhost:7430/'],
  OpenID: ['/.well-known/openid-configuration', 'http://localhost:7450'],
} as const;

for (const [name, [path, issuer]] of Object.entries(DOCUMENTS)) {
  test(`malformed-32: ${name} answers TRACE with 405 and serves a Host of another service under its own issuer`, async (t) => {
    const { port } = world.listener(name);
    const ask = (method: string, host: string): Promise<string> =>
      rawExchange(t, port, `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    assert.match(await ask('TRACE', 'localhost'), /^HTTP\/1\.1 405 [^]*\r\n\r\n$/);
    const answer = await ask('GET', 'login.example.test');
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.ok(answer.includes(issuer), answer);
    assert.ok(!answer.includes('login.example.test'));
    assert.match(answer, /\r\nx-fullmakt-local: /i);
  });
}
