import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { runExchangeCommand, startExchangeCommand } from '../servers/exchange-command.ts';
import type { ExchangeCommand } from '../servers/exchange-command.ts';
import { createFleet } from '../servers/fleet.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const fleet = await createFleet();

/** A state folder with the fleet registered in it. */
async function folderOf(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-exchange-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const registry = await openSqliteRegistry(join(folder, 'registry.sqlite'), { now: () => Date.now() / 1000 });
  await fleet.register(registry);
  await registry.close();
  return folder;
}

async function start(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ExchangeCommand> {
  const server = await startExchangeCommand(args, { ...fleet.settings, ...env });
  t.after(() => server.stop('SIGKILL'));
  await fleet.served(server.origin);
  return server;
}

async function figures(origin: string): Promise<string> {
  return (await fetch(`${origin}/metrics`)).text();
}

test('fullmakt exchange alone: embedded, from settings, exchanges a token, keeps its key over a restart, and ends on SIGTERM', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir]);
  assert.deepEqual(
    [server.summary.store, server.summary.replayStore, server.summary.workers],
    ['embedded', 'embedded', 1],
  );
  const answer = await fleet.exchange(server.origin);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await fetch(`${server.origin}/readyz`)).status, 200);
  const jwks = await (await fetch(`${server.origin}/jwks`)).text();
  assert.equal(statSync(join(dir, 'kek')).mode & 0o777, 0o600);
  assert.match(readFileSync(join(dir, 'audit.jsonl'), 'utf8'), /"decision":"allow"/);
  assert.equal(await server.stop(), 0);
  assert.match(server.said(), /SIGTERM: stopping/);
  const again = await start(t, ['--dir', dir]);
  assert.equal(await (await fetch(`${again.origin}/jwks`)).text(), jwks);
});

test('F04: an assertion used before a kill -9 is used after it, too', async (t) => {
  const dir = await folderOf(t);
  const first = await start(t, ['--dir', dir]);
  const used = await fleet.assertion();
  assert.equal((await fleet.exchange(first.origin, { client_assertion: used })).status, 200);
  await first.stop('SIGKILL');
  const second = await start(t, ['--dir', dir]);
  assert.equal((await fleet.exchange(second.origin, { client_assertion: used })).body['fm_reason'], 'client-replay');
  assert.equal((await fleet.exchange(second.origin)).status, 200);
});

test('workers share one port, one set of keys, one memory of assertions and one account of figures; one that dies is replaced', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir, '--workers', '2']);
  assert.equal(server.summary.workers, 2);
  const used = await fleet.assertion();
  const race = await Promise.all(
    Array.from({ length: 20 }, () => fleet.exchange(server.origin, { client_assertion: used })),
  );
  assert.equal(race.filter(({ status }) => status === 200).length, 1);
  assert.deepEqual(
    [...new Set(race.filter(({ status }) => status !== 200).map(({ body }) => body['fm_reason']))],
    ['client-replay'],
  );
  const counted: number[] = [];
  for (let asked = 0; asked < 4; asked += 1) {
    const seen = /^fullmakt_exchange_requests_total\{[^}]*reason="client-replay"\} (\d+)$/m.exec(
      await figures(server.origin),
    );
    counted.push(Number(seen?.[1]));
  }
  assert.ok((counted[0] ?? 0) >= 19, 'all of them are counted');
  assert.deepEqual(new Set(counted).size, 1, 'whichever process is asked');
  const children = readFileSync(`/proc/${server.summary.pid}/task/${server.summary.pid}/children`, 'utf8');
  const [victim = ''] = children.trim().split(' ');
  process.kill(Number(victim), 'SIGKILL');
  await until(() => /a new one starts/.test(server.said()));
  // While one is gone the other answers.
  assert.equal((await fleet.exchange(server.origin)).status, 200);
  const now = (): readonly string[] =>
    readFileSync(`/proc/${server.summary.pid}/task/${server.summary.pid}/children`, 'utf8').trim().split(' ');
  await until(() => now().length === 2 && !now().includes(victim));
  assert.equal(await server.stop(), 0);
});

test('L5: figures of workers that nobody asked for a while are as new as those of the one that is asked', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir, '--workers', '2'], {
    FULLMAKT_EXCHANGE_KEYS_MAX_AGE: '1',
    FULLMAKT_EXCHANGE_KEYS_STAGED_FOR: '2',
    FULLMAKT_EXCHANGE_KEYS_ACTIVE_FOR: '4',
  });
  const signers = async (): Promise<ReadonlySet<string>> => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => fleet.exchange(server.origin)));
    return new Set(answers.map(({ body }) => decodeProtectedHeader(String(body['access_token'])).kid ?? ''));
  };
  // On new connections, so that each worker is asked.
  const ask = async (): Promise<string> =>
    (await fetch(`${server.origin}/metrics`, { headers: { Connection: 'close' } })).text();
  const [first = ''] = await signers();
  for (let asked = 0; asked < 4; asked += 1) assert.match(await ask(), stateOf(first, 'active', 1));
  await until(async () => !(await signers()).has(first));
  const told = await ask();
  assert.match(told, stateOf(first, 'retired', 1));
  assert.match(told, stateOf(first, 'active', 0));
});

function stateOf(kid: string, state: string, value: number): RegExp {
  return new RegExp(`^fullmakt_exchange_key_state\\{[^}]*kid="${kid}",state="${state}"[^}]*\\} ${value}$`, 'm');
}

test('row 63: a worker that is stuck is ended and replaced; workers end when the process that started them is killed', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir, '--workers', '2']);
  const children = (): readonly string[] =>
    readFileSync(`/proc/${server.summary.pid}/task/${server.summary.pid}/children`, 'utf8').trim().split(' ');
  const workers = children();
  process.kill(Number(workers[0]), 'SIGSTOP');
  await until(() => /does not answer any more/.test(server.said()));
  await until(() => children().length === 2 && !children().includes(workers[0] ?? ''));
  const left = children();
  await server.stop('SIGKILL');
  await until(() => left.every((pid) => !existsSync(`/proc/${pid}`)));
});

test('row 63: SIGTERM under load says not ready first, then ends without cutting a request', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir, '--workers', '2'], { FULLMAKT_EXCHANGE_DRAIN_DELAY: '3' });
  const load = { isEnding: false, answered: 0, cut: 0 };
  const client = async (): Promise<void> => {
    while (!load.isEnding) {
      const body = await fleet.form();
      // As whoever balances load does once readiness says no.
      if (load.isEnding) return;
      try {
        const response = await fetch(`${server.origin}/token`, { method: 'POST', body });
        await response.text();
        if (response.status === 200) load.answered += 1;
        else load.cut += 1;
      } catch {
        load.cut += 1;
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await until(() => load.answered > 50);
  const ended = server.stop();
  await until(async () => (await fetch(`${server.origin}/readyz`)).status === 503);
  load.isEnding = true;
  await Promise.all(clients);
  assert.equal(await ended, 0);
  assert.equal(load.cut, 0, `${load.answered} answered`);
});

test('a start that cannot go on says what to do: no issuer, misspelt setting, folder in use, no key-encryption key, memory with workers', async (t) => {
  const dir = await folderOf(t);
  const bare = await runExchangeCommand(['--dir', dir]);
  assert.equal(bare.code, 4);
  assert.match(bare.stderr, /FULLMAKT_EXCHANGE_ISSUER is not set/);
  const misspelt = await runExchangeCommand(['--dir', dir], { ...fleet.settings, FULLMAKT_EXCHANGE_TOKEN_TLL: '5' });
  assert.match(misspelt.stderr, /FULLMAKT_EXCHANGE_TOKEN_TLL is not a setting/);
  const noKey = await runExchangeCommand(['--dir', dir], {
    ...fleet.settings,
    FULLMAKT_EXCHANGE_STORE: 'postgres://u:s3cret@127.0.0.1:1/none',
  });
  assert.equal(noKey.code, 4);
  assert.match(noKey.stderr, /FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS is not set/);
  assert.doesNotMatch(noKey.stderr, /s3cret/);
  const away = await runExchangeCommand(['--dir', dir], {
    ...fleet.settings,
    FULLMAKT_EXCHANGE_STORE: 'postgres://u:s3cret@127.0.0.1:1/none',
    FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  });
  assert.equal(away.code, 4);
  assert.doesNotMatch(away.stderr, /s3cret/);
  assert.doesNotMatch(away.stderr, /\n\s+at /, 'a person can mend it: no stack');
  const memory = await runExchangeCommand(['--dir', dir, '--workers', '2'], {
    ...fleet.settings,
    FULLMAKT_EXCHANGE_REPLAY_STORE: 'memory',
  });
  assert.match(memory.stderr, /memory is for one process/);
  await start(t, ['--dir', dir]);
  const second = await runExchangeCommand(['--dir', dir], fleet.settings);
  assert.match(second.stderr, /another fullmakt exchange \(process \d+/);
  for (const args of [['--worker', '2'], ['--workers', '0'], ['start'], ['issuers', 'off', 'x'], ['import']]) {
    assert.equal((await runExchangeCommand(args)).code, 2, args.join(' '));
  }
});

test('workers that cannot start end at once: one message for all of them, and exit code 4', async (t) => {
  const dir = await folderOf(t);
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const bind = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const startedAt = performance.now();
  const ended = await runExchangeCommand(['--dir', dir, '--workers', '3'], {
    ...fleet.settings,
    FULLMAKT_EXCHANGE_BIND: bind,
  });
  assert.equal(ended.code, 4);
  assert.equal(ended.stderr.match(/is already in use; set FULLMAKT_EXCHANGE_BIND to another one/g)?.length, 1);
  assertInTime(performance.now() - startedAt, 5000, 'an end without workers');
});

test('SIGTERM while a worker waits for its next start ends at once', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir, '--workers', '2']);
  const children = (): readonly string[] =>
    readFileSync(`/proc/${server.summary.pid}/task/${server.summary.pid}/children`, 'utf8').trim().split(' ');
  // Each death doubles the pause before the next start: this one would be 8 s.
  for (const pause of [500, 1000, 2000, 4000, 8000]) {
    await until(() => children().length === 2);
    process.kill(Number(children()[0]), 'SIGKILL');
    await until(() => server.said().includes(`a new one starts in ${pause} ms`));
  }
  const toldAt = performance.now();
  assert.equal(await server.stop(), 0);
  assert.ok(performance.now() - toldAt < 8000);
});

test('N07: an issuer that is turned off from the command line is unknown within 2 s, and back when it is on again', async (t) => {
  const dir = await folderOf(t);
  const server = await start(t, ['--dir', dir]);
  assert.equal((await fleet.exchange(server.origin)).status, 200);
  const reason = async (): Promise<unknown> => (await fleet.exchange(server.origin)).body['fm_reason'];
  const off = await runExchangeCommand(['issuers', 'disable', 'idporten', '--dir', dir]);
  assert.match(off.stdout, /idporten +disabled/);
  const since = performance.now();
  await until(async () => (await reason()) === 'subject-issuer');
  assertInTime(performance.now() - since, 2000);
  const unknown = await runExchangeCommand(['issuers', 'disable', 'nobody', '--dir', dir]);
  assert.match(unknown.stderr, /there is no issuer nobody; there are: idporten/);
  await runExchangeCommand(['issuers', 'enable', 'idporten', '--dir', dir]);
  await until(async () => (await reason()) === undefined);
});

function under(...keys: readonly string[]): Record<string, string> {
  return { FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS: keys.join(',') };
}

test('K7: keys are sealed anew under the first key-encryption key, and the old one can go', async (t) => {
  const dir = await folderOf(t);
  const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('hex')];
  const first = await start(t, ['--dir', dir], under(older));
  const jwks = await (await fetch(`${first.origin}/jwks`)).text();
  await first.stop();
  const locked = await runExchangeCommand(['--dir', dir], { ...fleet.settings, ...under(newer) });
  assert.equal(locked.code, 4);
  assert.match(locked.stderr, /key-encryption key/);
  const rewrapped = await runExchangeCommand(['rewrap', '--dir', dir], under(newer, older));
  assert.equal(rewrapped.code, 0, rewrapped.stderr);
  assert.match(
    rewrapped.stdout,
    /^1 signing keys and 0 keys of applications are sealed under key-encryption key [0-9a-f]{8}/,
  );
  const again = await start(t, ['--dir', dir], under(newer));
  assert.equal(await (await fetch(`${again.origin}/jwks`)).text(), jwks);
});
