import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lightResponse } from './light-response.ts';

const HEADERS = [
  ['Content-Type', 'application/json'],
  ['Set-Cookie', 'a=1, x'],
  ['X-A', ' 1'],
  ['x-a', '2'],
  ['Set-Cookie', 'b=2'],
] as const;

function pair(status: number, body: string | null): readonly [Response, Response] {
  const bytes = body === null ? null : new TextEncoder().encode(body);
  const light = lightResponse({ url: '', status, statusText: 'Well', headers: HEADERS, body: bytes });
  return [
    light,
    new Response(bytes, { status, statusText: 'Well', headers: HEADERS.map(([name, value]) => [name, value]) }),
  ];
}

test('a light answer says what a built-in one says', async () => {
  for (const [status, body] of [
    [200, '{"a":[1]}'],
    [404, '""'],
    [204, null],
  ] as const) {
    const [light, whole] = pair(status, body);
    for (const name of ['status', 'statusText', 'ok', 'redirected', 'type', 'url', 'bodyUsed'] as const) {
      assert.equal(light[name], whole[name], name);
    }
    assert.equal(light.body === null, whole.body === null);
    assert.deepEqual([...light.headers], [...whole.headers]);
    assert.deepEqual(light.headers.getSetCookie(), whole.headers.getSetCookie());
    for (const name of ['x-a', 'X-A', 'set-cookie', 'content-type', 'other']) {
      assert.deepEqual(
        [light.headers.get(name), light.headers.has(name)],
        [whole.headers.get(name), whole.headers.has(name)],
      );
    }
    // oxlint-disable-next-line no-await-in-loop -- one answer after the other
    assert.equal(await light.text(), await whole.text());
    assert.equal(light.bodyUsed, body === null ? light.bodyUsed : true);
  }
});

const fresh = (): Response => pair(200, '{"a":[1]}')[0];

test('a light answer is read once, in any of the ways there are', async () => {
  assert.deepEqual(await fresh().json(), { a: [1] });
  assert.equal(Buffer.from(await fresh().arrayBuffer()).toString(), '{"a":[1]}');
  assert.equal(await (await fresh().blob()).text(), '{"a":[1]}');
  assert.equal(await fresh().clone().text(), '{"a":[1]}');
  const streamed = fresh();
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamed.body ?? []) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), '{"a":[1]}');
  const used = fresh();
  await used.text();
  await assert.rejects(used.json(), TypeError);
});
