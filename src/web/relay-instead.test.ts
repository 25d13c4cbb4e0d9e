import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { openListener } from './testing/raw-client.ts';
import { createUpstream } from './upstream.ts';

test('another answer takes the place of the application’s, whole, and the connection serves the next request', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/plain') return response.end('plain');
    response.writeHead(401, { 'X-App': 'asks', 'Content-Type': 'text/plain' });
    response.write('the beginning of a long answer');
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const upstream = createUpstream(`http://127.0.0.1:${address.port}`);
  t.after(() => upstream.close());
  const answered: number[] = [];
  const listener = await openListener(t, {
    handle: (request) =>
      upstream.forward(request, {
        path: request.target,
        headers: request.rawHeaders,
        instead: (status, raw) =>
          status === 401 && raw.includes('X-App') ? { status: 302, headers: { Location: '/elsewhere' } } : undefined,
        onAnswered: (status) => answered.push(status),
      }),
  });
  for (let time = 0; time < 2; time += 1) {
    const answer = await fetch(`http://127.0.0.1:${listener.port}/x`, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.get('location'), '/elsewhere');
    assert.equal(answer.headers.get('x-app'), null);
    assert.equal(await answer.text(), '');
    assert.equal(await (await fetch(`http://127.0.0.1:${listener.port}/plain`)).text(), 'plain');
  }
  assert.deepEqual(answered, [302, 200, 302, 200]);
});
