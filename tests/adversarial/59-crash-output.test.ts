import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { startAlone as startIdp } from '../journeys/idp-alone.ts';
import { startLoginGround } from '../journeys/login-alone.ts';
import { copyExamples, freeOffset, removeCopy, startPlatform } from '../journeys/platform.ts';
import { createFleet } from '../servers/fleet.ts';
import { startLoginCommand } from '../servers/login-command.ts';
import { startAlone as startExchange } from './exchange-alone.ts';
import { MARK, STRANGER, TOKEN, TRACES } from './59-marks.ts';
import { MACHINE, postTo, startSidecarAlone } from './sidecar-alone.ts';
import { until } from '../until.ts';

/* Every program is made to crash with secrets in the error: in its message, its causes, its members and its name. */

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CODE = '0.AXkAh3f9sdf8g7_sdf8g7sdf8g7';
const SECRETS = [...TRACES, VERIFIER, CODE, CODE.slice(2)];

const FAULT = `
process.on('SIGUSR2', () => {
  const [token, person, mark, verifier, code] = process.env.CANARY.split(' ');
  const cause = Object.assign(new Error('of ' + person + ' code=' + code + '&code_verifier=' + verifier), { token });
  const error = new TypeError('a fault with ' + token + ' and ' + verifier + ' at ' + code + '\\n    at ' + mark + ' (x.ts:1:2)', { cause });
  error.request = { headers: { authorization: 'Bearer ' + token, cookie: 'session=' + mark }, body: { pid: person } };
  error.code = mark;
  if (process.env.CANARY_BY === 'rejection') void Promise.reject(error);
  else if (process.env.CANARY_BY === 'value') throw token;
  else setImmediate(() => { throw error; });
});`;
const envOf = (by: string): Readonly<Record<string, string>> => ({
  CANARY: [TOKEN, STRANGER, MARK, VERIFIER, CODE].join(' '),
  CANARY_BY: by,
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(FAULT)}`,
});

interface Program {
  readonly child: ChildProcess;
  readonly said: () => string;
}
type Start = (t: TestContext, env: Readonly<Record<string, string>>) => Promise<Program>;

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-crash-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const PROGRAMS: Readonly<Record<string, Start>> = {
  sidecar: async (t, env) => startSidecarAlone(t, { env }),
  exchange: async (t, env) => startExchange(t, await createFleet(), { env }),
  idp: async (t, env) => {
    const idp = await startIdp(['--dir', temporary(t), '--only', 'maskinporten'], env);
    t.after(() => idp.stop('SIGKILL'));
    return { child: idp.process, said: idp.notices };
  },
  login: async (t, env) => {
    const ground = await startLoginGround();
    t.after(() => ground.close());
    const store = `sqlite:${join(temporary(t), 'sessions.sqlite')}`;
    const login = await startLoginCommand({ ...ground.env, FULLMAKT_LOGIN_STORE: store, ...env });
    t.after(() => login.stop('SIGKILL'));
    return login;
  },
  up: async (t, env) => {
    const dir = copyExamples();
    const platform = await startPlatform(dir, await freeOffset(), { ...env });
    t.after(async () => {
      await platform.stop('SIGKILL');
      removeCopy(dir);
    });
    return { child: platform.process, said: platform.notices };
  },
};

async function crash({ child, said }: Program): Promise<{ readonly code: unknown; readonly printed: string }> {
  const before = said().length;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGUSR2');
  return { code: await gone, printed: said().slice(before) };
}

function holdsNone(printed: string): void {
  for (const secret of SECRETS) assert.ok(!printed.includes(secret), `${secret} in:\n${printed}`);
}

for (const [name, start] of Object.entries(PROGRAMS)) {
  test(`T59 a crash prints where it was, and nothing of the token, person, code or verifier in the error: ${name}`, async (t) => {
    const { code, printed } = await crash(await start(t, envOf('throw')));
    assert.equal(code, 1);
    assert.match(printed, /TypeError: a fault with \[redacted\] and \[redacted\]/);
    assert.match(printed, /\n {4}at .*:\d+:\d+/);
    holdsNone(printed);
  });
}

for (const by of ['rejection', 'value']) {
  test(`T59 a crash by a ${by} of that kind prints none of it either`, async (t) => {
    const { code, printed } = await crash(await startSidecarAlone(t, { env: envOf(by) }));
    assert.equal(code, 1);
    assert.match(
      printed,
      /ended by a fault that nobody expected\n(?:TypeError: a fault|a value that is no error: string)/,
    );
    holdsNone(printed);
  });
}

test('T59 a sidecar that crashes with requests in its hands prints no token of theirs', async (t) => {
  const sidecar = await startSidecarAlone(t, { env: { ...envOf('throw'), LOG_LEVEL: 'debug' } });
  const { origin, issuer } = sidecar;
  sidecar.issuer.fail('slow');
  const asked = Array.from({ length: 20 }, (_, n) => {
    const user_token = issuer.mint('tokenx', { claims: { pid: STRANGER, name: MARK } });
    const body = { identity_provider: 'tokenx', target: `test:team:other-${n}`, user_token };
    const answer = postTo(origin, '/api/v1/token/exchange', n % 4 === 0 ? MACHINE : body);
    return { user_token, answer: answer.then(() => 'answered').catch(() => 'cut') };
  });
  await until(() => issuer.requests.filter(({ form }) => form.has('client_assertion')).length >= 10);
  const { code } = await crash(sidecar);
  assert.equal(code, 1);
  assert.ok((await Promise.all(asked.map(({ answer }) => answer))).includes('cut'), 'it ended in the middle of them');
  const tokens = [
    ...asked.map((each) => each.user_token),
    ...issuer.requests.map(({ form }) => form.get('client_assertion') ?? ''),
  ];
  const parts = tokens.flatMap((token) => token.split('.').slice(1)).filter((part) => part !== '');
  assert.ok(parts.length > 40);
  for (const part of [...parts, STRANGER, MARK]) assert.ok(!sidecar.said().includes(part));
});
