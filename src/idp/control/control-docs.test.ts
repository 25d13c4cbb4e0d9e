import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openControlOf } from '../testing/control.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten'] });
after(() => world.close());
const control = await openControlOf(world);
const page = readFileSync(join(import.meta.dirname, '../../../docs/local-providers.md'), 'utf8');

test('control: every call that docs/local-providers.md prints gets the answer it prints', async () => {
  // A line ends with what is answered; an order may go over several.
  const calls = page.matchAll(/^call "?\$api(\/[^\s"]+)"?(?: -X ([A-Z]+))?(?: -d '([^']+)')? +# (\d{3})(.*)$/gm);
  let found = 0;
  for (const [line, path = '', method, body, status, told = ''] of calls) {
    const sent: unknown = body === undefined ? undefined : JSON.parse(body);
    const verb = method ?? (body === undefined ? 'GET' : 'POST');
    const answer = await control(verb, `/v1${path}`, sent);
    assert.equal(String(answer.status), status, `${line}\n${JSON.stringify(answer.body)}`);
    // The members of the answer itself; those inside lists are in brackets of their own.
    for (const [, name = ''] of told.replace(/\[.*?\]/g, '[]').matchAll(/"(\w+)"/g))
      assert.ok(name in answer.body, line);
    found += 1;
  }
  assert.equal(found, [...page.matchAll(/^call .*\$api/gm)].length);
  assert.ok(found > 20);
});
