import assert from 'node:assert/strict';
import test from 'node:test';
import { plain } from '../web/http.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';

const keys = await makeKeys();

test('readiness tells how a token endpoint is; one that is given a pause makes nobody unready (3.9)', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, {
    ...testEnv(provider.origin, keys),
    PROBE_BIND_ADDRESS: '127.0.0.1:0',
  });
  const ready = async (): Promise<{ status: number; rows: Record<string, Record<string, unknown>> }> => {
    const response = await fetch(`${sidecar.probes}/readyz`);
    const { providers } = (await response.json()) as { providers: Record<string, Record<string, unknown>> };
    return { status: response.status, rows: providers };
  };
  const ask = (target: string): Promise<Response> => sidecar.post('/token', { identity_provider: 'entra_id', target });
  const before = await ready();
  assert.deepEqual([before.status, before.rows['entra_id']?.['token_endpoint']], [200, 'unknown']);
  assert.deepEqual(before.rows['entra_id']?.['credential'], {
    kid: keys.client.kid,
    loaded: new Date(START * 1000).toISOString(),
  });
  assert.equal(before.rows['idporten']?.['credential'], undefined, 'nothing is signed there');

  await ask('a');
  assert.equal((await ready()).rows['entra_id']?.['token_endpoint'], 'ok');
  const well = provider.answer;
  provider.answer = () => plain(500, '');
  for (let round = 0; round < 3; round += 1) await ask(`b${round}`);
  const { status, rows } = await ready();
  assert.equal(status, 200);
  const { token_endpoint: endpoint, last_error: fault } = rows['entra_id'] ?? {};
  assert.deepEqual([endpoint, fault], ['open', 'token_endpoint_open']);
  assert.equal(rows['maskinporten']?.['token_endpoint'], 'unknown', 'each has a breaker of its own');

  provider.answer = well;
  sidecar.clock.now += 2;
  assert.equal((await ask('c')).status, 200);
  const after = (await ready()).rows['entra_id'] ?? {};
  assert.deepEqual([after['token_endpoint'], after['last_error']], ['ok', undefined]);
});
