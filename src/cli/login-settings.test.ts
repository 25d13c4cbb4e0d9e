import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { readLoginConfig } from '../login/config.ts';
import { loginSettings } from '../login/settings/table.ts';
import { describeSettings } from '../settings.ts';
import { LEAST } from '../login/testing/wonderwall-aliases.ts';
import { parseServerArguments } from './server-arguments.ts';
import { jsonNames, readConfigFile } from './config-file.ts';
import { loginHelp } from './login-help.ts';
import { findSessionKeys, watchKeysFile } from './login-keys.ts';
import { layered } from './login-layers.ts';
import { loginSetUp } from './login-settings.ts';

const NAMES = jsonNames(loginSettings);
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-login-settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const hexOf = (key: Uint8Array | undefined): string => Buffer.from(key ?? []).toString('hex');

test('flags: with =, with a space, alone for true; anything else is wrong usage', () => {
  const command = parseServerArguments('login', [
    '--a.b=x=y',
    '--c',
    'd',
    '--auto-login',
    '--json',
    '--e',
    '-1',
    '--config',
    'f',
  ]);
  assert.deepEqual(command, {
    flags: { 'a.b': 'x=y', c: 'd', 'auto-login': 'true', e: '-1' },
    config: 'f',
    json: true,
    check: false,
  });
  for (const line of ['start', '-x', '--config', '--json=x', '--a 1 --a 2', '--A x', '---'])
    assert.throws(() => parseServerArguments('login', line.split(' ')), { exitCode: 2 }, line);
});

test('whatever stands on the command line is read, or is wrong usage', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('--a', '--a=b', '--config', '--json', '--check', 'x', '-', '--'));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      try {
        const { flags } = parseServerArguments('login', words);
        assert.ok(Object.keys(flags).every((name) => /^[a-z]/.test(name)));
      } catch (error) {
        assert.ok(error instanceof Error && 'exitCode' in error && error.exitCode === 2, String(error));
      }
    }),
  );
});

test('a flag never quotes what it refuses, as it may be a secret', () => {
  assert.throws(
    () => parseServerArguments('login', ['--json', 'hush-hush']),
    (error) => error instanceof Error && !error.message.includes('hush-hush'),
  );
});

test('--help has every setting, and every other variable that sets it', () => {
  const help = loginHelp();
  for (const { name = '', aliases = [] } of Object.values(loginSettings))
    for (const word of [`--${name} `, ...aliases]) assert.ok(help.includes(word), word);
  const flat = help.replaceAll(/\s+/g, ' ');
  for (const { kind, default: otherwise } of describeSettings(loginSettings))
    assert.ok(flat.includes(`[${kind}; ${otherwise}]`), `${kind}; ${otherwise}`);
});

test('flag over variable over file, and a variable by any of its names', () => {
  const file = { 'cookie.prefix': 'file', store: 'sqlite:/file', upstream: 'http://file', role: 'sso-server' };
  const said = (flags: Record<string, string>, env: Record<string, string>): Record<string, string | undefined> => ({
    ...layered(flags, { ...LEAST, ...env }, file).env,
  });
  assert.equal(said({}, {})['FULLMAKT_LOGIN_COOKIE_PREFIX'], 'file');
  assert.equal(said({}, { WONDERWALL_COOKIE_PREFIX: 'theirs' })['FULLMAKT_LOGIN_COOKIE_PREFIX'], undefined);
  assert.equal(said({}, { WONDERWALL_REDIS_ADDRESS: 'r:1' })['FULLMAKT_LOGIN_STORE'], undefined);
  const parts = { WONDERWALL_UPSTREAM_IP: '10.0.0.1', WONDERWALL_UPSTREAM_PORT: '80' };
  assert.equal(said({}, parts)['FULLMAKT_LOGIN_UPSTREAM'], undefined);
  const flagged = said({ upstream: 'http://flag' }, parts);
  assert.equal(flagged['FULLMAKT_LOGIN_UPSTREAM'], 'http://flag');
  const read = readLoginConfig({ ...flagged, FULLMAKT_LOGIN_ROLE: '', FULLMAKT_LOGIN_STORE: '' });
  assert.ok(
    read.ok && read.config.upstream === 'http://flag' && !read.warnings.some((line) => line.includes('UPSTREAM')),
  );
});

test('settings of further providers are flags and names in files too; unknown ones are not', () => {
  const { env, problems } = layered({ 'provider.partner.client-id': 'x', 'provider.other.client-id': 'y' }, LEAST, {
    provider: 'openid,partner',
    'provider.partner.kind': 'openid',
    'openid.nope': '1',
  });
  assert.equal(env['FULLMAKT_LOGIN_PROVIDER_PARTNER_CLIENT_ID'], 'x');
  assert.equal(env['FULLMAKT_LOGIN_PROVIDER_PARTNER_KIND'], 'openid');
  assert.deepEqual(problems, [
    '--provider.other.client-id is not a setting of this program (fullmakt login --help)',
    'openid.nope in the configuration file is not a setting of this program',
  ]);
});

test('a file is YAML or JSON, nested or not; tables stay whole', async () => {
  const yaml = fileOf(
    'a.yaml',
    'openid: { client-id: x, scopes: [a, b] }\nforward-auth: { headers: both }\nauto-login: true\nupstreams: { /api: { upstream: http://a } }\nsession.max-lifetime: 90\nsso:\n',
  );
  assert.deepEqual(await readConfigFile(yaml, NAMES), {
    'openid.client-id': 'x',
    'openid.scopes': 'a,b',
    'forward-auth.headers': 'both',
    'auto-login': 'true',
    upstreams: '{"/api":{"upstream":"http://a"}}',
    'session.max-lifetime': '90',
  });
  assert.deepEqual(await readConfigFile(fileOf('a.json', '{"openid":{"client-id":"x"}}'), NAMES), {
    'openid.client-id': 'x',
  });
  assert.deepEqual(await readConfigFile(fileOf('empty.yaml', ''), NAMES), {});
});

test('a file that is none is refused by name, and nothing in it is told', async () => {
  const cases = [
    fileOf('list.yaml', '- hush-hush'),
    fileOf('broken.yaml', 'openid: {client-secret: hush-hush'),
    fileOf('twice.yaml', 'openid: { client-secret: hush-hush }\nopenid.client-secret: hush-hush'),
    join(folder, 'nowhere.yaml'),
  ];
  for (const file of cases)
    await assert.rejects(
      readConfigFile(file, NAMES),
      (error) => error instanceof Error && error.message.includes(file) && !error.message.includes('hush-hush'),
      file,
    );
});

test('all problems of flags, file and variables come together, with exit code 78', async () => {
  const file = fileOf('wrong.yaml', 'nonsense: 1\nlog-level: loud\n');
  const command = parseServerArguments('login', ['--config', file, '--nope', 'x']);
  await assert.rejects(
    loginSetUp(command, { FULLMAKT_LOGIN_INGRESS: 'x' }, '/'),
    (error: Error & { exitCode?: number }) => {
      for (const name of ['--nope', 'nonsense', 'LOG_LEVEL', 'INGRESS', 'CLIENT_ID'])
        assert.ok(error.message.includes(name), name);
      return error.exitCode === 78;
    },
  );
});

test('SE-4 a file of keys that cannot be used is a problem of settings, found by --check too', async () => {
  const given = { ...LEAST, FULLMAKT_LOGIN_SESSION_KEYS: '', FULLMAKT_LOGIN_SESSION_KEYS_FILE: 'no-such-keys' };
  await assert.rejects(
    loginSetUp(parseServerArguments('login', ['--check']), given, folder),
    /no-such-keys cannot be read/,
  );
});

test('SE-4 keys: from the file beside an sqlite store, made once and for its owner alone; or random', async () => {
  const keyless = { ...LEAST, FULLMAKT_LOGIN_SESSION_KEYS: '' };
  const setUp = await loginSetUp(parseServerArguments('login', ['--store', 'sqlite:s.sqlite']), keyless, folder);
  const keys = (): string => hexOf(findSessionKeys(setUp.config, setUp.server, folder)[0]);
  const first = keys();
  assert.equal(first.length, 64);
  assert.equal(keys(), first);
  assert.equal(statSync(join(folder, 's.sqlite.key')).mode & 0o777, 0o600);
  writeFileSync(join(folder, 's.sqlite.key'), 'damaged');
  assert.throws(keys, /s\.sqlite\.key does not hold keys/);
  const memory = await loginSetUp(parseServerArguments('login', []), keyless, folder);
  const random = (): string => hexOf(findSessionKeys(memory.config, memory.server, folder)[0]);
  assert.notEqual(random(), random());
});

test('SE-4 a file of keys that cannot be used changes nothing and is said without what it holds', (t) => {
  const [one, two] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
  const file = fileOf('keys', `${one}\n`);
  const rings: number[] = [];
  const said: string[] = [];
  const watched = watchKeysFile(
    file,
    (keys) => rings.push(keys.length),
    (line) => said.push(line),
  );
  t.after(() => watched.close());
  for (const text of [`# both\n${two}\n\n${one}\n`, 'hush-hush', '', `${two}`]) {
    writeFileSync(file, text);
    watched.again();
  }
  assert.deepEqual(rings, [2, 1]);
  assert.equal(said.filter((line) => line.includes('stay as they were')).length, 2);
  assert.equal(said.join().includes('hush-hush'), false);
});
