import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { listOf, openControlOf } from '../testing/control.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askEntra, CALLBACK, codeAt } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten'] });
after(() => world.close());
const control = await openControlOf(world);

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

async function tokenStatus(clientId: string = CLIENTS.basic): Promise<number> {
  const response = await world.fetch(
    `${ISSUERS.idporten}/token`,
    form({ grant_type: 'refresh_token', refresh_token: 'none', client_id: clientId, client_secret: 's3cret' }),
  );
  await response.arrayBuffer();
  return response.status;
}

test('control: a fault acts as often as told, and its hits are exact under 100 parallel calls', async () => {
  await startAgain();
  const made = await control('POST', '/v1/faults', {
    persona: 'idporten',
    client: CLIENTS.post,
    endpoint: 'token',
    fault: 'token-5xx:502',
    times: 37,
  });
  assert.equal(made.status, 201);
  const statuses = await Promise.all(Array.from({ length: 100 }, () => tokenStatus(CLIENTS.post)));
  assert.equal(statuses.filter((status) => status === 502).length, 37);
  const one = `/v1/faults/${String(made.body['id'])}`;
  assert.deepEqual((await control('GET', one)).body, { ...made.body, hits: 37 });
  const removed = await control('DELETE', one);
  assert.deepEqual([removed.status, removed.body['hits']], [200, 37]);
  assert.equal((await control('GET', one)).status, 404);
  assert.equal((await control('DELETE', one)).status, 404);
});

test('control: times 0 acts until it is removed; of another client or persona it never acts', async () => {
  await startAgain();
  const all = { persona: 'idporten', client: CLIENTS.post, fault: 'token-5xx', times: 0 };
  await control('POST', '/v1/faults', all);
  await control('POST', '/v1/faults', { ...all, persona: 'maskinporten', client: undefined });
  const statuses = await Promise.all(Array.from({ length: 20 }, () => tokenStatus(CLIENTS.post)));
  assert.deepEqual(new Set(statuses), new Set([503]));
  assert.notEqual(await tokenStatus(CLIENTS.basic), 503);
  assert.deepEqual(
    listOf(await control('GET', '/v1/faults'), 'faults').map(({ hits }) => hits),
    [20, 0],
  );
  assert.equal((await control('DELETE', '/v1/faults')).status, 204);
  assert.notEqual(await tokenStatus(CLIENTS.post), 503);
});

test('control: an unknown fault, a wrong value, persona or count is 422 with its path', async () => {
  await startAgain();
  const good = { persona: 'idporten', fault: 'skew:60', times: 1 };
  for (const [change, path] of [
    [{ fault: 'gremlin' }, 'fault'],
    [{ fault: 'token-5xx:404' }, 'fault'],
    [{ fault: 'no-iss:1' }, 'fault'],
    [{ persona: 'openid' }, 'persona'],
    [{ times: -1 }, 'times'],
    [{ times: 1.5 }, 'times'],
    [{ when: 'now' }, 'when'],
  ] as const) {
    const answer = await control('POST', '/v1/faults', { ...good, ...change });
    assert.deepEqual([answer.status, answer.body['path']], [422, path], JSON.stringify(change));
  }
  assert.equal((await control('POST', '/v1/faults', good)).body['fault'], 'skew:60');
});

async function isKnown(): Promise<boolean> {
  return !(await codeAt(world, { client_id: 'late' })).startsWith('no code');
}

test('control: propagation lets a new client and a removed one act seconds later', async () => {
  await startAgain();
  await control('POST', '/v1/faults', { persona: 'idporten', fault: 'propagation:30', times: 0 });
  const client = { client_id: 'late', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'client_secret_basic' };
  await control('POST', '/v1/idporten/clients', client);
  assert.equal(await isKnown(), false);
  await control('PUT', '/v1/clock?persona=idporten', { offset: 29 });
  assert.equal(await isKnown(), false);
  await control('PUT', '/v1/clock?persona=idporten', { offset: 30 });
  assert.equal(await isKnown(), true);
  await control('DELETE', '/v1/idporten/clients/late');
  assert.equal(await isKnown(), true);
  await control('PUT', '/v1/clock?persona=idporten', { offset: 60 });
  assert.equal(await isKnown(), false);
});

test('control: propagation delays what a manifest changes: a grant of Entra, a key', async () => {
  await startAgain();
  const { registry } = world.deps;
  const ask = {
    grant_type: 'client_credentials',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    scope: `api://${CLIENTS.api}/.default`,
  };
  const target = registry.snapshot().client('azure', CLIENTS.api)?.app;
  assert.ok(target !== undefined);
  const grants = registry.snapshot().grantsFor(target);
  await control('POST', '/v1/faults', { persona: 'entra', client: CLIENTS.api, fault: 'propagation:45' });
  await registry.commit(registry.snapshot().version, { replaceGrants: [{ target, grants: [] }] });
  assert.equal((await askEntra(world, ask)).status, 200);
  await control('PUT', '/v1/clock?persona=entra', { offset: 45 });
  assert.deepEqual((await askEntra(world, ask)).body['error_codes'], [501051]);
  // The fault acted once, so that the next change is there at once.
  await registry.commit(registry.snapshot().version, { replaceGrants: [{ target, grants }] });
  assert.equal((await askEntra(world, ask)).status, 200);
});
