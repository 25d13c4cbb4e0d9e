import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SDK = join(import.meta.dirname, '../../src/sdk');
const { exports } = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8')) as { exports: Record<string, string> };

/** Looks at what a program could notice, imports, and looks again. Reading the environment counts too: it is the factories' to read. */
const PROBE = `
const own = (object) => Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]);
const builtIns = [globalThis, Object.prototype, Array.prototype, Function.prototype, String.prototype, Promise.prototype, Request.prototype, Response.prototype, Headers.prototype, process];
const look = () => ({
  own: builtIns.map((object) => own(object).map(([key, { value, get, set }]) => [key, get ?? value, set])),
  listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
  handles: process.getActiveResourcesInfo().toSorted(),
});
const reads = [];
const watched = new Proxy({ ...process.env }, { get: (target, name) => (reads.push(name), target[name]) });
await import('node:url');
const real = process.env;
const before = look();
process.env = watched;
await import(process.argv[1]);
process.env = real;
const after = look();
const { isDeepStrictEqual } = await import('node:util');
const changed = Object.keys(before).filter((part) => !isDeepStrictEqual(before[part], after[part]));
process.stdout.write(JSON.stringify({ changed, reads: reads.filter((name) => /FULLMAKT|NAIS|AZURE|TOKEN_X|PORTEN/.test(String(name))) }));
`;

for (const [subpath, file] of Object.entries(exports)) {
  test(`importing ${subpath} changes no global, listens to nothing, opens nothing and reads no setting (5)`, async () => {
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', PROBE, join(SDK, file)]);
    assert.deepEqual([JSON.parse(stdout), stderr], [{ changed: [], reads: [] }, '']);
  });
}

test('the probe sees what an import leaves behind', async () => {
  const { stdout } = await run(process.execPath, [
    '--input-type=module',
    '-e',
    PROBE,
    'data:text/javascript,globalThis.x=1;setInterval(()=>{},1e6).ref();setTimeout(()=>process.exit(),50);process.on("exit",()=>{});process.env.FULLMAKT_X',
  ]);
  assert.deepEqual(JSON.parse(stdout), { changed: ['own', 'listeners', 'handles'], reads: ['FULLMAKT_X'] });
});
