import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../until.ts';
import { createBrowser } from './browser.ts';
import { readChain } from './chain.ts';
import {
  copyExamples,
  freeOffset,
  isFree,
  type Platform,
  removeCopy,
  root,
  startPlatform,
  type Summary,
} from './platform.ts';
import { signIn } from './sign-in.ts';

let dir: string;
let offset: number;

before(async () => {
  dir = copyExamples();
  offset = await freeOffset();
});

after(() => removeCopy(dir));

function portsOf(summary: Summary): number[] {
  const urls = [
    ...Object.values(summary.services).map((service) => service.issuer),
    ...summary.apps.flatMap((app) => [app.url, app.app, app.sidecar]),
  ];
  return urls.filter((url) => url !== undefined).map((url) => Number(new URL(url).port));
}

/** Every live process whose command line names this folder's state or its copy of the examples. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder) ||
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
        );
      } catch {
        return false;
      }
    });
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

async function jwksOf(platform: Platform): Promise<unknown> {
  return (await fetch(`${platform.summary.services.tokenx.issuer}/jwks`)).json();
}

test('after kill -9 of `up` no process and no port is left, and a restart finds session, keys and client ids again', async (t) => {
  const first = await startPlatform(dir, offset);
  t.after(() => first.stop('SIGKILL'));
  const browser = createBrowser();
  const url = first.url('citizen-portal');
  readChain(await signIn(browser, url, first.summary.people[0]?.pid ?? '', 'substantial'));
  const keys = await jwksOf(first);
  const clientIds = readFileSync(join(first.summary.stateDir, 'run/registry/register-api/env.json'), 'utf8');

  await first.stop('SIGKILL');
  await until(() => allFree(portsOf(first.summary)), 'every port is free again');
  await until(() => processesOf(dir).length === 0, 'no process is left');

  const second = await startPlatform(dir, offset);
  t.after(() => second.stop());
  const page = await browser.open(url);
  assert.equal(readChain(page).length, 3, 'still signed in, and the chain works');
  assert.deepEqual(await jwksOf(second), keys);
  assert.equal(readFileSync(join(second.summary.stateDir, 'run/registry/register-api/env.json'), 'utf8'), clientIds);

  const refused = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'up', dir], {
    encoding: 'utf8',
    env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: String(offset) },
  });
  assert.equal(refused.status, 4);
  assert.match(
    refused.stderr,
    new RegExp(`another fullmakt up \\(process ${second.summary.pid}, since .*already runs`),
  );
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends everything that \`up\` started, and \`up\` itself with code 0`, async () => {
    const platform = await startPlatform(dir, offset);
    const exit = once(platform.process, 'close');
    platform.process.kill(signal);
    assert.deepEqual(await exit, [0, null]);
    await until(() => allFree(portsOf(platform.summary)), 'every port is free again');
    await until(() => processesOf(dir).length === 0, 'no process is left');
  });
}

test('`run` gives any command the complete environment of the app, and its exit code', async (t) => {
  const platform = await startPlatform(dir, offset, {}, ['--without', 'registry/nightly-report']);
  t.after(() => platform.stop());
  const script = 'console.log(JSON.stringify(process.env)); process.exit(7)';
  const result = spawnSync(
    process.execPath,
    [join(root, 'src/main.ts'), 'run', 'registry/nightly-report', '--dir', dir, '--', 'node', '-e', script],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(result.status, 7, result.stderr);
  const env = JSON.parse(result.stdout);
  assert.equal(env.NAIS_CLIENT_ID, 'local:registry:nightly-report');
  assert.equal(env.AZURE_OPENID_CONFIG_ISSUER, platform.summary.services.entra.issuer);
  assert.ok(env.FULLMAKT_OUTBOUND_URLS.includes('local:registry:register-api'));
  assert.equal(env.AZURE_APP_JWK, undefined, 'private keys stay with the sidecar');
  const answer = await fetch(env.NAIS_TOKEN_ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity_provider: 'entra_id', target: 'api://local.registry.register-api/.default' }),
  });
  assert.equal(answer.status, 200);
});

test('a taken port is named, with the setting that moves it, and so is a setting that is misspelt', async () => {
  const platform = await startPlatform(dir, offset);
  const copy = copyExamples();
  try {
    const second = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'up', copy], {
      encoding: 'utf8',
      env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: String(offset), FULLMAKT_UP_LOGLEVEL: 'info' },
    });
    assert.equal(second.status, 4);
    assert.match(second.stderr, /port \d+ \([^)]+\) is already in use; set FULLMAKT_UP_PORT_OFFSET/);
    assert.match(second.stderr, /FULLMAKT_UP_LOGLEVEL is not a setting .*; did you mean FULLMAKT_UP_LOG_LEVEL\?/);
  } finally {
    await platform.stop();
    removeCopy(copy);
  }
});

test('without python3 the Python example says so once, and everything else is ready', async (t) => {
  const empty = join(dir, 'no-programs-here');
  mkdirSync(empty);
  t.after(() => rmSync(empty, { recursive: true }));
  const platform = await startPlatform(dir, offset, { PATH: empty });
  t.after(() => platform.stop());
  assert.equal(platform.app('register-audit').state, 'not started: python3 not found');
  assert.equal(platform.app('register-api').state, 'running');
  await platform.noticed(/python3 not found/);
  await platform.stop();
  assert.equal(platform.notices().match(/python3 not found/g)?.length, 1);
});

test('a damaged state file stops the start with its name, and is left as it is', (t) => {
  const copy = copyExamples();
  t.after(() => removeCopy(copy));
  const file = join(copy, '.fullmakt', 'registry.sqlite');
  spawnSync('mkdir', ['-p', join(copy, '.fullmakt')]);
  const damaged = 'this is not a database, and long enough to be noticed as none '.repeat(40);
  writeFileSync(file, damaged);
  const result = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'up', copy], {
    encoding: 'utf8',
    env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: String(offset) },
  });
  assert.equal(result.status, 4);
  assert.match(result.stderr, /registry\.sqlite/);
  assert.equal(readFileSync(file, 'utf8'), damaged);
});

test('a manifest with a typo is named with file, line, column and the field that was meant; the other apps go on', async (t) => {
  const platform = await startPlatform(dir, offset);
  t.after(() => platform.stop());
  const file = join(dir, 'permits', 'citizen-portal.yaml');
  const good = readFileSync(file, 'utf8');
  t.after(() => writeFileSync(file, good));
  writeFileSync(file, good.replace('autoLogin:', 'autologin:'));
  await platform.noticed(/citizen-portal\.yaml:\d+:\d+ error unknown-field spec\.login\.autologin: .*autoLogin/);
  assert.equal(readChain(await createBrowser().open(platform.url('partner-feed'))).length, 1);
  assert.equal(
    (await fetch(`${platform.url('citizen-portal')}/oauth2/ping`)).status,
    200,
    'the last good version keeps running',
  );
});
