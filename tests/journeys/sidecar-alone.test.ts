import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import { freePort } from '../servers/free-port.ts';
import { runSidecarCommand, startSidecarCommand } from '../servers/sidecar-command.ts';
import { until } from '../until.ts';

const keys = await makeKeys();
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-sidecar-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Where a token is asked for: a port, or the path of a socket. */
type Where = { readonly port: number } | { readonly socketPath: string };

interface Told {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
}

/** Asks for a machine token; rejects when the connection is cut. */
function askToken(
  where: Where,
  options: { readonly target?: string; readonly agent?: Agent; readonly host?: string } = {},
): Promise<Told> {
  const { target = 'api://x/.default', agent, host } = options;
  const headers = { 'content-type': 'application/json', ...(host === undefined ? {} : { host }) };
  return new Promise((resolve, reject) => {
    const to = 'port' in where ? { ...where, host: '127.0.0.1' } : where;
    const sent = request(
      { ...to, path: '/api/v1/token', method: 'POST', headers, agent: agent ?? false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const {
            statusCode: status = 0,
            headers: { connection },
          } = incoming;
          resolve({ status, connection, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify({ identity_provider: 'entra_id', target }));
  });
}

const portOf = (origin: string): Where => ({ port: Number(new URL(origin).port) });

test('3.1 the command serves tokens, probes and metrics, and SIGTERM ends it with 0', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecarCommand(testEnv(provider.origin, keys), ['--probe-bind-address', '127.0.0.1:0']);
  t.after(() => sidecar.stop());
  assert.deepEqual(sidecar.summary.providers, ['entra_id', 'tokenx', 'maskinporten', 'idporten']);
  const { status, body } = await askToken(portOf(sidecar.origin));
  assert.equal(status, 200);
  assert.match(body, /^\{"access_token":"token-1","token_type":"Bearer","expires_in":\d+\}$/);
  for (const path of ['/', '/healthz', '/readyz']) {
    assert.equal((await fetch(`${sidecar.probes}${path}`)).status, 200, path);
  }
  const metrics = await (await fetch(`${sidecar.probes}/metrics`)).text();
  assert.match(metrics, /fullmakt_sidecar_requests_total\{.*provider="entra_id".*\} 1/);
  assert.match(metrics, /fullmakt_sidecar_cache_entries\{/);
  assert.equal(await sidecar.stop(), 0);
  const said = `${sidecar.said()}${JSON.stringify(sidecar.summary)}`;
  for (const canary of ['token-1', JSON.stringify(keys.client).slice(-40)]) assert.ok(!said.includes(canary), canary);
});

test('3.1 a Unix socket is for its user and group, takes any Host, and is gone afterwards', async (t) => {
  const provider = await startProvider(t, keys);
  const socketPath = join(folder, 'own.sock');
  const { BIND_ADDRESS: _, ...env } = testEnv(provider.origin, keys);
  const sidecar = await startSidecarCommand({ ...env, BIND_ADDRESS: '', FULLMAKT_SIDECAR_SOCKET: socketPath });
  t.after(() => sidecar.stop());
  assert.equal(sidecar.summary.origins.api, undefined);
  assert.equal(sidecar.summary.origins.socket, `unix:${socketPath}`);
  assert.equal(statSync(socketPath).mode & 0o777, 0o660);
  assert.equal((await askToken({ socketPath }, { host: 'anything.example' })).status, 200);
  const { code, stderr } = await runSidecarCommand(['--json'], {
    ...env,
    BIND_ADDRESS: 'none',
    FULLMAKT_SIDECAR_SOCKET: socketPath,
  });
  assert.equal(code, 4);
  assert.match(stderr, /own\.sock .*in use by another process; set FULLMAKT_SIDECAR_SOCKET/);
  assert.equal((await askToken({ socketPath })).status, 200);
  assert.equal(await sidecar.stop(), 0);
  assert.equal(existsSync(socketPath), false);
});

test('3.1 the socket of a process that was killed is replaced; address and socket together are two ways in', async (t) => {
  const provider = await startProvider(t, keys);
  const socketPath = join(folder, 'left.sock');
  const env = { ...testEnv(provider.origin, keys), FULLMAKT_SIDECAR_SOCKET: socketPath };
  const killed = await startSidecarCommand(env);
  await killed.stop('SIGKILL');
  assert.equal(existsSync(socketPath), true);
  const sidecar = await startSidecarCommand(env);
  t.after(() => sidecar.stop());
  for (const where of [{ socketPath }, portOf(sidecar.origin)]) assert.equal((await askToken(where)).status, 200);
});

test('3.8 a provider that is away delays the start and does not prevent it; it comes and all is well', async (t) => {
  const port = await freePort();
  const env = testEnv(`http://127.0.0.1:${port}`, keys);
  const sidecar = await startSidecarCommand(env);
  t.after(() => sidecar.stop());
  assert.ok(sidecar.summary.seconds < 7, `${sidecar.summary.seconds} s`);
  assert.equal((await fetch(`${sidecar.probes}/readyz`)).status, 503);
  assert.equal((await fetch(`${sidecar.probes}/healthz`)).status, 200);
  const failed = await askToken(portOf(sidecar.origin));
  assert.equal(failed.status, 500);
  assert.match(failed.body, /Identity provider request failed:/);
  await startProvider(t, keys, port);
  await until(async () => (await fetch(`${sidecar.probes}/readyz`)).status === 200);
  await until(async () => (await askToken(portOf(sidecar.origin))).status === 200);
});

test('3.8 SIGTERM under load: unready at once, what was asked is answered, nothing is cut', async (t) => {
  const provider = await startProvider(t, keys);
  const slow = Promise.withResolvers<void>();
  provider.answer = async (call) => {
    if (call === 1) await slow.promise;
    return json(200, { access_token: `token-${call}`, token_type: 'Bearer', expires_in: 3600 });
  };
  const sidecar = await startSidecarCommand(testEnv(provider.origin, keys));
  t.after(() => sidecar.stop());
  const where = portOf(sidecar.origin);
  const waiting = askToken(where, { target: 'slow' });
  await until(() => provider.forms.length === 1);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  t.after(() => agent.destroy());
  const counts = { answered: 0, cut: 0, refused: 0 };
  const state = { over: false };
  const client = async (): Promise<void> => {
    while (!state.over) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as a client does
        const { status } = await askToken(where, { agent, target: 'fast' });
        assert.equal(status, 200);
        counts.answered += 1;
      } catch (error) {
        // Nobody listens any more: nothing was sent.
        if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') {
          counts.refused += 1;
          return;
        }
        counts.cut += 1;
        return;
      }
    }
  };
  const clients = Array.from({ length: 16 }, client);
  await until(() => counts.answered > 500);
  const before = counts.answered;
  const stopping = sidecar.stop();
  await until(async () => (await fetch(`${sidecar.probes}/readyz`)).status === 503);
  await Promise.all(clients);
  slow.resolve();
  assert.equal((await waiting).status, 200);
  state.over = true;
  assert.equal(await stopping, 0);
  assert.ok(counts.answered > before, 'requests were answered after the signal');
  assert.deepEqual({ cut: counts.cut, refused: counts.refused }, { cut: 0, refused: 16 });
});

test('3.8 SIGINT ends it as SIGTERM does: what was asked is answered, then 0', async (t) => {
  const provider = await startProvider(t, keys);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  provider.answer = async () => {
    await gate;
    return json(200, { access_token: 'late', token_type: 'Bearer', expires_in: 60 });
  };
  const sidecar = await startSidecarCommand(testEnv(provider.origin, keys));
  t.after(() => sidecar.stop());
  const asked = askToken(portOf(sidecar.origin));
  await until(() => provider.forms.length === 1);
  const ended = sidecar.stop('SIGINT');
  await until(async () => (await fetch(`${sidecar.probes}/readyz`).catch(() => undefined))?.status !== 200);
  open();
  assert.equal((await asked).status, 200);
  assert.equal(await ended, 0);
});

test('3.8 everything that is wrong is told at once, by variable and without values, before a port opens', async () => {
  const { code, stdout, stderr } = await runSidecarCommand(['--json', '--check', '--soket', 'x'], {
    BIND_ADDRESS: '0.0.0.0:3000',
    LOG_LEVEL: 'loud',
    AZURE_ENABLED: 'true',
    AZURE_APP_JWK: 'hush-hush',
    MASKINPORTEN_ENABLED: 'perhaps',
    FULLMAKT_SIDECAR_SOCKETT: 'x',
    HTTPS_PROXY: 'socks://user:hush-hush@x',
  });
  assert.equal(code, 78);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what the command prints
  const { ok, problems } = JSON.parse(stdout) as { ok: boolean; problems: readonly string[] };
  assert.equal(ok, false);
  const named = [
    '--soket',
    'LOG_LEVEL',
    'FULLMAKT_SIDECAR_SOCKETT',
    'HTTPS_PROXY',
    'BIND_ADDRESS',
    'AZURE_APP_CLIENT_ID',
    'AZURE_APP_WELL_KNOWN_URL',
    'AZURE_APP_JWK',
    'MASKINPORTEN_ENABLED',
  ];
  for (const name of named)
    assert.ok(
      problems.some((problem) => problem.includes(name)),
      name,
    );
  assert.ok(!`${stdout}${stderr}`.includes('hush-hush'));
});

test('settings come from flags, then the environment, then the file, and are shown masked', async (t) => {
  const provider = await startProvider(t, keys);
  const file = join(folder, 'sidecar.yaml');
  writeFileSync(file, 'leeway-seconds: 10\njson-only: true\nazure-app-client-id: from-file\n');
  const args = ['--json', '--check', '--config', file, '--leeway-seconds', '20'];
  const { code, stdout } = await runSidecarCommand(args, testEnv(provider.origin, keys));
  assert.equal(code, 0, stdout);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what the command prints
  const { settings } = JSON.parse(stdout) as { settings: Readonly<Record<string, unknown>> };
  assert.equal(settings['leeway-seconds'], 20);
  assert.equal(settings['json-only'], true);
  assert.equal(settings['azure-app-client-id'], 'entra-client');
  assert.equal(settings['azure-app-jwk'], '[redacted]');
});

test('--help names every setting, and a wrong word is exit code 2', async () => {
  const help = await runSidecarCommand(['--help']);
  assert.equal(help.code, 0);
  for (const flag of ['--socket ', '--azure-enabled ', '--otel-exporter-otlp-endpoint ', '--texas-http-max-retries ']) {
    assert.ok(help.stdout.includes(flag), flag);
  }
  assert.equal((await runSidecarCommand(['now'])).code, 2);
});
