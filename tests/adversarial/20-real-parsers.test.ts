import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../servers/free-port.ts';
import { isListening } from '../servers/is-listening.ts';
import { converse, statusOf } from './01-36-browser.ts';
import { startHostileProvider } from './01-36-provider.ts';
import { HOST, startWorld } from './01-36-world.ts';
import { PATTERNS, trickyTargets } from './20-paths.ts';
import { drawSeed } from './scale.ts';
import { until } from '../until.ts';

const COUNT = 300;
const seed = process.env['FULLMAKT_TEST_SEED'] === undefined ? 1 : drawSeed();
const MISSING = ['nginx', 'python3'].filter((program) => spawnSync(program, ['-V']).error !== undefined);
const SKIP = MISSING.length === 0 ? false : `there is no ${MISSING.join(' and no ')} here`;

/** How Python's standard parser and its file server read each target: two paths a target. */
const PYTHON = `
import json, sys
from http.server import SimpleHTTPRequestHandler
from urllib.parse import urlsplit, unquote
handler = SimpleHTTPRequestHandler.__new__(SimpleHTTPRequestHandler)
handler.directory = '/'
def read(target):
    return [unquote(urlsplit(target).path, encoding='latin-1'), handler.translate_path(target)]
print(json.dumps([read(target) for target in json.load(sys.stdin)]))
`;

/** Starts nginx, which answers with the path it would serve: decoded, merged and resolved. */
async function startNginx(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const configuration = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit; events {}
http { access_log off; ${temporary.join(' ')}
server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "path=$uri"; } } }`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const child = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  await until(() => isListening(port), 'nginx that listens');
  return `http://127.0.0.1:${port}`;
}

function readByPython(targets: readonly string[]): readonly (readonly string[])[] {
  const { stdout } = spawnSync('python3', ['-c', PYTHON], { input: JSON.stringify(targets), encoding: 'utf8' });
  const read: unknown = JSON.parse(stdout);
  assert.ok(Array.isArray(read) && read.length === targets.length);
  return read.map((paths: unknown) => {
    assert.ok(Array.isArray(paths));
    return paths.map(String);
  });
}

test('T20 what is let through without a session is public to a real nginx and to Python, 300 paths for each of five rules', {
  skip: SKIP,
  timeout: 240_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const upstream = await startNginx(t);
  const provider = await startHostileProvider({ now: () => 1_800_000_000 });
  t.after(() => provider.close());
  for (const { glob, matches, opens } of PATTERNS) {
    const rules = JSON.stringify([{ path: glob, login: 'exempt' }]);
    const world = await startWorld(t, {
      provider,
      env: { FULLMAKT_LOGIN_RULES: rules, FULLMAKT_LOGIN_UPSTREAM: upstream },
    });
    const through: string[] = [];
    for (const target of [...opens, ...trickyTargets(seed, COUNT)]) {
      const head = `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
      const heard = await converse(world.port, Buffer.from(head, /[^\0-\xff]/.test(head) ? 'utf8' : 'latin1'));
      if (statusOf(heard) !== 200) continue;
      through.push(target);
      const path = /path=(.*)$/s.exec(Buffer.from(heard, 'latin1').toString('utf8'))?.[1] ?? 'no path';
      assert.match(path.replace(/(.)\/$/, '$1'), matches, `nginx: ${JSON.stringify(target)} under ${glob}`);
    }
    assert.ok(through.length >= opens.length, glob);
    for (const [index, paths] of readByPython(through).entries())
      for (const path of paths)
        assert.match(path.replace(/(.)\/$/, '$1'), matches, `python: ${JSON.stringify(through[index])} under ${glob}`);
  }
});
