import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createIdp } from '../app.ts';
import { listOf, openControlOf } from '../testing/control.ts';
import { PID } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';
import { rawExchange } from '../../web/testing/raw-client.ts';

const world = await openWorld();
after(() => world.close());
const control = await openControlOf(world);
const token = (await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim();
const { port } = world.listener('Control API');

function raw(headers: Readonly<Record<string, string>>, line = 'GET /v1/status HTTP/1.1'): string {
  const all = { connection: 'close', ...headers };
  return `${line}\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}

const bearer = { authorization: `Bearer ${token}` };

test('malformed-33: without the token, or with another one, the control API answers 401', async (t) => {
  const host = `127.0.0.1:${port}`;
  for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
    const headers = authorization === '' ? { host } : { host, authorization };
    const answer = await rawExchange(t, port, raw(headers));
    assert.match(answer, /^HTTP\/1\.1 401 /);
    assert.match(answer, /"error":"unauthorized"/);
    assert.ok(!answer.includes(token));
  }
});

test('malformed-33: a request with an Origin is refused with 403, even with the token', async (t) => {
  for (const origin of ['null', `http://127.0.0.1:${port}`, 'https://example.test']) {
    const answer = await rawExchange(t, port, raw({ host: `127.0.0.1:${port}`, ...bearer, origin }));
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.match(answer, /"error":"forbidden"/);
  }
});

test('malformed-33: Host has to be 127.0.0.1 or localhost with the port, all else is 403', async (t) => {
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    assert.match(await rawExchange(t, port, raw({ host, ...bearer })), /^HTTP\/1\.1 200 /);
  }
  for (const host of [
    '127.0.0.1',
    'localhost',
    `127.0.0.1:${port + 1}`,
    `rebind.example.test:${port}`,
    `[::1]:${port}`,
  ]) {
    assert.match(await rawExchange(t, port, raw({ host, ...bearer })), /^HTTP\/1\.1 403 /, host);
  }
});

test('malformed-33: a pid that could be a real one, or is none, is 422 with the path pid', async () => {
  for (const pid of ['01019090285', '01819090286', '12', 7]) {
    const answer = await control('POST', '/v1/people', { pid, name: { given: 'A', family: 'B' } });
    assert.equal(answer.status, 422);
    assert.equal(answer.body['path'], 'pid');
    assert.equal(answer.body['error'], 'unprocessable');
    assert.ok(!JSON.stringify(answer.body).includes(String(pid)) || pid === 7);
  }
});

test('control: an unknown path is 404, another method 405 with Allow, a body that is no JSON 400', async (t) => {
  const nothing = await control('GET', '/v1/nothing');
  assert.deepEqual([nothing.status, nothing.body['error']], [404, 'not_found']);
  assert.equal((await control('GET', '/v1/nobody/clients')).status, 404);
  const answer = await rawExchange(t, port, raw({ host: `localhost:${port}`, ...bearer }, 'PUT /v1/status HTTP/1.1'));
  assert.match(answer, /^HTTP\/1\.1 405 /);
  assert.match(answer, /Allow: GET, HEAD/i);
  assert.match(answer, /"error":"method_not_allowed"/);
  const body = raw({ host: `localhost:${port}`, ...bearer, 'content-length': '1' }, 'POST /v1/people HTTP/1.1');
  assert.match(await rawExchange(t, port, `${body}{`), /^HTTP\/1\.1 400 /);
});

test('control: its token stands in a file that only its owner can read, and outlives a restart', async () => {
  const { mode } = await stat(join(world.stateDir, 'control-token'));
  assert.equal(mode & 0o777, 0o600);
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  await (await createIdp(world.config, world.deps)).close();
  assert.equal((await readFile(join(world.stateDir, 'control-token'), 'utf8')).trim(), token);
});

test('control: no setting lets it listen where others can reach it', async () => {
  const controlBind = { host: '0.0.0.0', port: 0 };
  await assert.rejects(createIdp({ ...world.config, controlBind, allowNonLoopback: true }, world.deps), {
    name: 'UnsafeSetting',
    exitCode: 78,
  });
});

test('control: status tells personas, issuers, ports, keys with their state, the clock and the count of faults', async () => {
  const answer = await control('GET', '/v1/status');
  assert.equal(answer.status, 200);
  const personas = listOf(answer, 'personas');
  assert.deepEqual(
    personas.map(({ name }) => name),
    ['idporten', 'entra', 'maskinporten'],
  );
  const [idporten] = personas;
  assert.equal(idporten?.['issuer'], ISSUERS.idporten);
  assert.ok(Array.isArray(idporten['ports']) && idporten['ports'].length === 2);
  const keys = listOf({ status: 200, body: idporten }, 'keys');
  assert.deepEqual(
    keys.map(({ state }) => state),
    ['current', 'published'],
  );
  assert.deepEqual(idporten['clock'], { offset: 0, now: new Date(world.clock.now * 1000).toISOString() });
  assert.equal(answer.body['faults'], 0);
});

test('control: people can be listed, added, replaced and removed, in memory only', async () => {
  const file = join(world.stateDir, 'people.yaml');
  const before = await readFile(file, 'utf8');
  const people = listOf(await control('GET', '/v1/people'), 'people');
  assert.equal(people.length, 12);
  const known = await control('GET', `/v1/people/${PID}`);
  assert.deepEqual(known.body['name'], { given: 'Rolig', family: 'Fjord' });

  const made = { name: { given: 'Frisk', family: 'Fonn' }, eid: 'MinID' };
  const pid = await freePid(people.map((person) => String(person['pid'])));
  const added = await control('POST', '/v1/people', { ...made, pid });
  assert.equal(added.status, 201);
  assert.equal((await control('POST', '/v1/people', { ...made, pid })).status, 409);
  const replaced = await control('PUT', `/v1/people/${pid}`, { name: { given: 'Frisk', family: 'Flo' } });
  assert.deepEqual([replaced.status, replaced.body['name']], [200, { given: 'Frisk', family: 'Flo' }]);
  assert.equal((await control('PUT', `/v1/people/${pid}`, { ...made, pid: PID })).status, 422);
  assert.equal((await control('DELETE', `/v1/people/${PID}`)).status, 204);
  assert.equal((await control('GET', `/v1/people/${PID}`)).status, 404);
  assert.equal((await control('DELETE', `/v1/people/${PID}`)).status, 404);

  assert.equal(await readFile(file, 'utf8'), before);
  assert.equal((await control('POST', '/v1/reset', { keep: ['people'] })).status, 200);
  assert.equal((await control('GET', `/v1/people/${pid}`)).status, 200);
  assert.equal((await control('POST', '/v1/reset')).status, 200);
  assert.equal((await control('GET', `/v1/people/${pid}`)).status, 404);
  assert.equal((await control('GET', `/v1/people/${PID}`)).status, 200);
});

/** A synthetic pid that nobody on the list has. */
async function freePid(taken: readonly string[]): Promise<string> {
  const { isSyntheticPid } = await import('../people/pid.ts');
  for (let n = 10_000; ; n += 1) {
    const pid = `018190${n}`;
    if (isSyntheticPid(pid) && !taken.includes(pid)) return pid;
  }
}
