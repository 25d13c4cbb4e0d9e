import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpResponse } from '../web/http.ts';
import { serve } from '../web/serve.ts';
import { createIdp } from './app.ts';
import { openWorld } from './testing/world.ts';

test('faults: a token request whose client gave up waiting does nothing more, so that its code is good for another try', async (t) => {
  const world = await openWorld({ personas: ['idporten'] });
  t.after(() => world.close());
  const waiting = Promise.withResolvers<undefined>();
  const wait = (_milliseconds: number, signal: AbortSignal): Promise<void> => {
    waiting.resolve(undefined);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  };
  const idp = await createIdp(world.config, { ...world.deps, wait });
  t.after(() => idp.close());
  idp.faults.add({ persona: 'idporten', endpoint: 'token', fault: 'slow-token', times: 1 });
  const spec = idp.listeners.find(({ name }) => name === 'ID-porten');
  assert.ok(spec !== undefined);
  const answered = Promise.withResolvers<HttpResponse>();
  const listener = await serve({
    ...spec,
    port: 0,
    handle: async (request) => {
      const answer = await spec.handle(request);
      answered.resolve(answer);
      return answer;
    },
  });
  t.after(() => listener.close(0));
  const giveUp = new AbortController();
  const asked = fetch(`${listener.origin}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', code: 'a.b' }),
    signal: giveUp.signal,
  });
  await waiting.promise;
  world.events.length = 0;
  giveUp.abort();
  await assert.rejects(asked, { name: 'AbortError' });
  assert.equal((await answered.promise).cut, 'before');
  assert.deepEqual(
    world.events.filter(({ event }) => event === 'idp.refused'),
    [],
  );
});
