import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startAlone } from '../journeys/idp-alone.ts';
import { loopbackFetch } from '../loopback.ts';
import { until } from '../until.ts';
import { createRandom, drawSeed } from './scale.ts';

const UNDER_WAY = 40;

test('T63 local providers that are told to end under load answer everything they have begun, and end without a word of failure', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'fullmakt-drain-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const idp = await startAlone([], { FULLMAKT_IDP_STATE_DIR: stateDir });
  t.after(() => idp.stop());
  const { url, tokenFile } = idp.summary.control;
  const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
  const control = async (method: string, path: string, body?: object): Promise<string> => {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return await (await loopbackFetch(`${new URL(url).origin}${path}`, init)).text();
  };
  const issuer = idp.issuer('idporten');
  const order = { persona: 'idporten', endpoint: 'token', fault: 'slow-token:1500', times: 0 };
  assert.match(await control('POST', '/v1/faults', order), /slow-token/);
  const random = createRandom(drawSeed());
  const answers = Array.from({ length: UNDER_WAY }, async () => {
    const body = new URLSearchParams({
      grant_type: random.text(8),
      client_id: random.text(8),
      filler: random.text(20_000),
    });
    const answer = await loopbackFetch(`${issuer}/token`, { method: 'POST', body });
    return `${answer.status} ${JSON.stringify(await answer.json())}`;
  });
  await until(async () => {
    const [, hits = '0'] = /"hits":(\d+)/.exec(await control('GET', '/v1/faults')) ?? [];
    return Number(hits) >= UNDER_WAY;
  });
  const ended = once(idp.process, 'close');
  idp.process.kill('SIGTERM');
  for (const answer of await Promise.all(answers)) assert.match(answer, /^40[01] \{"error":/);
  assert.deepEqual(await ended, [0, null]);
  assert.doesNotMatch(idp.notices(), /unhandled|uncaught|\n\s+at /i);
});
