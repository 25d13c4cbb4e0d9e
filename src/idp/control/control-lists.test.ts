import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { listOf, openControlOf } from '../testing/control.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askEntra, askToken, claimsOf, codeAt, PID, redeem, VERIFIER } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten'] });
after(() => world.close());
const control = await openControlOf(world);

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

test('control: issued lists header, claims and hash of each token by persona, client, sub and time; itself only with raw=1', async () => {
  await startAgain();
  const { body } = await askToken(world, redeem(await codeAt(world)));
  const idToken = String(body['id_token']);
  const { sub } = claimsOf(idToken);
  world.clock.now += 10;
  await askEntra(world, {
    grant_type: 'client_credentials',
    client_id: CLIENTS.desk,
    client_secret: 's3cret',
    scope: `${CLIENTS.api}/.default`,
  });
  const all = listOf(await control('GET', '/v1/issued'), 'issued');
  assert.deepEqual(all.map(({ persona, kind }) => `${String(persona)} ${String(kind)}`).toSorted(), [
    'entra access',
    'idporten access',
    'idporten id',
  ]);
  const found = all.find(({ kind }) => kind === 'id');
  assert.deepEqual(found?.['claims'], claimsOf(idToken));
  assert.equal(found['sha256'], createHash('sha256').update(idToken).digest('base64url'));
  assert.ok(!JSON.stringify(all).includes(idToken) && found['raw'] === undefined);

  const count = async (query: string): Promise<number> =>
    listOf(await control('GET', `/v1/issued?${query}`), 'issued').length;
  assert.equal(await count('persona=entra'), 1);
  assert.equal(await count(`client=${CLIENTS.portal}`), 2);
  assert.equal(await count(`sub=${encodeURIComponent(String(sub))}`), 2);
  assert.equal(await count(`since=${world.clock.now}`), 1);
  assert.equal(await count(`since=${new Date((world.clock.now - 10) * 1000).toISOString()}`), 3);
  assert.equal((await control('GET', '/v1/issued?since=lately')).body['path'], 'since');
  const raw = listOf(await control('GET', '/v1/issued?raw=1&persona=idporten'), 'issued');
  assert.ok(raw.some((token) => token['raw'] === idToken));
});

test('control: requests lists names, never values, with header and claims of the assertion, and counts by endpoint', async () => {
  await startAgain();
  await askToken(world, redeem(await codeAt(world)));
  await world.fetch(`${ISSUERS.idporten}/token`, form({ grant_type: 'password' }));
  await world.fetch(`${ISSUERS.idporten}/nowhere`);
  await world.fetch(`${ISSUERS.idporten}/par`, form({ scope: 'x'.repeat(70_000) }));
  const answer = await control('GET', '/v1/requests?persona=idporten&endpoint=token');
  const [good, bad] = listOf(answer, 'requests');
  assert.ok(good !== undefined);
  assert.deepEqual(
    [good['status'], good['method'], good['endpoint'], good['time']],
    [200, 'POST', 'token', world.clock.now],
  );
  assert.deepEqual(good['parameters'], [
    'client_id',
    'client_assertion_type',
    'client_assertion',
    'grant_type',
    'code',
    'redirect_uri',
    'code_verifier',
  ]);
  const assertion = good['assertion'] as { header: Record<string, unknown>; claims: Record<string, unknown> };
  assert.deepEqual([assertion.header['kid'], assertion.claims['iss']], ['client-key', CLIENTS.portal]);
  assert.equal(bad?.['status'], 401);
  const counters = listOf(await control('GET', '/v1/requests'), 'counters');
  assert.deepEqual(
    counters.map(({ endpoint, requests, statuses }) => [endpoint, requests, statuses]),
    [
      ['authorize', 1, { 302: 1 }],
      ['token', 2, { 200: 1, 401: 1 }],
      ['other', 1, { 404: 1 }],
      ['par', 1, { 413: 1 }],
    ],
  );
});

test('control: no secret, code, verifier, token, assertion, cookie or pid is in the list of requests', async () => {
  await startAgain();
  const code = await codeAt(world, { state: 'canary-state', nonce: 'canary-nonce' });
  const assertion = await world.assertion(CLIENTS.portal, ISSUERS.idporten, { pid: PID, note: `of ${PID}` });
  const fields = { client_id: CLIENTS.portal, client_assertion: assertion, ...redeem(code) };
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const sent = await world.fetch(`${ISSUERS.idporten}/token`, form({ ...fields, client_assertion_type: type }));
  const tokens = (await sent.json()) as Record<string, unknown>;
  await world.fetch(
    `${ISSUERS.idporten}/token?code=canary-query`,
    form({ client_secret: 'canary-secret' }, { authorization: 'Basic Y2FuYXJ5', cookie: 'c=canary-cookie' }),
  );
  await world.fetch(`${ISSUERS.idporten}/token`, { ...form({}), body: 'canary-bare&canary-bare-too' });
  await world.fetch(`${ISSUERS.idporten}/userinfo`, {
    headers: { authorization: `Bearer ${String(tokens['access_token'])}` },
  });
  const text = JSON.stringify((await control('GET', '/v1/requests')).body);
  const secrets = [code, assertion, VERIFIER, PID, 'canary', 'Y2FuYXJ5', ...Object.values(tokens).map(String)];
  for (const part of assertion.split('.')) secrets.push(part);
  const found = secrets.filter((secret) => secret.length > 5 && text.includes(secret));
  assert.deepEqual(
    found.filter((secret) => !['Bearer', 'openid profile'].includes(secret)),
    [],
  );
  assert.ok(text.includes('client_secret') && text.includes('"code"'));
});

test('control: the lists hold the last 5,000', async () => {
  await startAgain();
  const body = { kind: 'access', claims: { n: 1 } };
  const { journal } = await import('../journal.ts').then(({ createJournal }) => ({ journal: createJournal() }));
  const request = {
    persona: 'p',
    endpoint: 'token',
    method: 'POST',
    status: 200,
    parameters: [],
    assertion: undefined,
  };
  for (let time = 0; time < 10_001; time += 1) journal.noteRequest({ ...request, time });
  const kept = journal.requests();
  assert.deepEqual([kept.length, kept[0]?.time, kept.at(-1)?.time], [5000, 5001, 10_000]);
  assert.equal(journal.counters()[0]?.requests, 10_001);
  assert.equal((await control('POST', '/v1/idporten/mint', body)).status, 200);
});
