import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { createFetch } from './fetch.ts';
import { listenOnce } from './http/testing/ask.ts';
import { fakeTokens, ORIGIN, redirectTo, RULE, unauthorized, world } from './http/testing/fetch-world.ts';

test('a redirect to the same origin is followed with the token, by the method and body the status leaves', async () => {
  for (const [status, method, body] of [
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'b'],
    [308, 'POST', 'b'],
  ] as const) {
    const made = world();
    made.answers.push(redirectTo('/b', status), () => new Response('there'));
    const answer = await made.fetch('http://register/a', { method: 'POST', body: 'b' });
    assert.equal(await answer.text(), 'there');
    const [, second] = made.calls;
    assert.deepEqual(
      [second?.url, second?.method, second?.body, second?.authorization],
      ['http://register/b', method, body, 'Bearer t1'],
      String(status),
    );
    assert.equal(second?.contentType, method === 'GET' ? null : 'text/plain;charset=UTF-8');
  }
});

test('what a redirect makes a GET has no body, and no header that was about one (Fetch 4.4)', async () => {
  const made = world();
  made.answers.push(redirectTo('/b', 303), () => new Response(null));
  const headers = { 'content-type': 'a/b', 'content-length': '1', 'x-a': '1' };
  await made.fetch('http://register/a', { method: 'POST', body: 'b', headers });
  assert.deepEqual(
    made.calls.map(({ method, contentType, body }) => [method, contentType, body]),
    [
      ['POST', 'a/b', 'b'],
      ['GET', null, ''],
    ],
  );
});

test('HEAD stays HEAD and GET stays GET whatever the status, with the headers they had (Fetch 4.4)', async () => {
  for (const method of ['HEAD', 'GET']) {
    for (const status of [301, 302, 303, 307, 308]) {
      const made = world();
      made.answers.push(redirectTo('/b', status), () => new Response(null));
      await made.fetch('http://register/a', { method, headers: { 'content-type': 'a/b' } });
      const [, second] = made.calls;
      assert.deepEqual([second?.method, second?.contentType], [method, 'a/b'], String(status));
    }
  }
});

test('no redirect to another origin is followed: its answer is handed out (5.4)', async () => {
  const places = [
    'https://register/b',
    'http://register:81/b',
    'http://register.:80/b',
    '//elsewhere/b',
    'data:text/plain,x',
    'http://register@elsewhere/',
  ];
  for (const place of places) {
    const made = world();
    made.answers.push(redirectTo(place, 307));
    const answer = await made.fetch('http://register/a');
    assert.deepEqual([answer.status, answer.headers.get('location'), made.calls.length], [307, place, 1]);
  }
  const listed = world(RULE, [ORIGIN, 'http://other']);
  listed.answers.push(redirectTo('http://other/b'));
  assert.equal((await listed.fetch('http://register/a')).status, 302);
  assert.equal(listed.calls.length, 1);
});

test('redirects end: after 20, at a stream that would have to be sent again, and as the caller says', async () => {
  const made = world();
  made.answers.push(redirectTo('/again'));
  await assert.rejects(made.fetch('http://register/a'), TypeError);
  assert.equal(made.calls.length, 21);
  const stream = world();
  stream.answers.push(redirectTo('/b', 307));
  const init = { method: 'POST', body: new Blob(['once']).stream(), duplex: 'half' } as const;
  await assert.rejects(stream.fetch('http://register/a', init), TypeError);
  const manual = world();
  manual.answers.push(redirectTo('/b'));
  assert.equal((await manual.fetch('http://register/a', { redirect: 'manual' })).status, 302);
  await manual.fetch('http://register/a', { redirect: 'error' });
  assert.deepEqual(
    manual.calls.map(({ redirect }) => redirect),
    ['manual', 'error'],
  );
});

test('a 401 after a redirect repeats that step alone, not the request that led to it', async () => {
  const made = world();
  made.answers.push(redirectTo('/b', 303), unauthorized, () => new Response('there'));
  const answer = await made.fetch('http://register/a', { method: 'POST', body: 'b' });
  assert.equal(await answer.text(), 'there');
  assert.deepEqual(
    made.calls.map(({ method, url }) => `${method} ${url}`),
    ['POST http://register/a', 'GET http://register/b', 'GET http://register/b'],
  );
});

test('over the wire: a redirect within the origin, one out of it, and a second try after a 401', async (t) => {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.url} ${req.headers.authorization}`);
    if (req.url === '/out') res.writeHead(302, { location: 'http://localhost:9/' }).end();
    else if (req.url === '/in') res.writeHead(307, { location: '/refused' }).end('away');
    else if (req.headers.authorization === 'Bearer t1') res.writeHead(401).end('no');
    else req.pipe(res);
  });
  server.listen(0, '127.0.0.1');
  const origin = await listenOnce(t, server);
  const { tokens } = fakeTokens();
  const send = createFetch(tokens, { origins: [origin], ...RULE });
  const answer = await send(`${origin}/in`, { method: 'POST', body: 'hello' });
  assert.deepEqual([answer.status, await answer.text()], [200, 'hello']);
  assert.deepEqual(seen, ['POST /in Bearer t1', 'POST /refused Bearer t1', 'POST /refused Bearer t2']);
  const out = await send(`${origin}/out`);
  assert.deepEqual([out.status, out.headers.get('location')], [302, 'http://localhost:9/']);
  await out.body?.cancel();
});
