import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importSigningKey } from '../../oauth/jwk.ts';
import { issueBusinessCertificate } from '../keys/business-ca.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { foreignKey } from '../testing/keys.ts';
import { CLIENTS } from '../testing/rows.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const { ask, certified, refusal, sign } = createCaller(world);
const { now } = world.clock;
const stranger = await foreignKey(world.key.kid);

test('maskinporten-23-assertion: of two hundred simultaneous uses of one jti exactly one passes, whatever else the assertions say', async () => {
  const same = await sign({ jti: 'at once' });
  const other = await sign({ jti: 'at once', resource: ['https://x.test'] });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index % 2 === 0 ? same : other)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const refused = answers.filter(({ status }) => status !== 200).map(({ body }) => body['error_uri']);
  assert.deepEqual([...new Set(refused)], ['http://localhost:7430/errors/MP-012']);
});

test('maskinporten-23-assertion: a jti that one client has used is still free for another', async () => {
  assert.equal((await ask(await sign({ jti: 'spent' }))).status, 200);
  const own = await issueBusinessCertificate(world.stateDir, { orgno: '310000019' }, now);
  const key = importSigningKey({ ...own.jwk, kid: 'unnamed' });
  const claims = { iss: CLIENTS.certified, jti: 'spent' };
  const answer = await ask(await certified({}, { claims, x5c: own.x5c, key }));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
});

test('maskinporten-24-keys: of two keys by one name the one past its year proves nothing, in whatever order they stand', async () => {
  const clients = world.deps.registry;
  const before = clients.snapshot();
  const row = before.client('maskinporten', CLIENTS.feed);
  assert.ok(row);
  const old = { ...stranger.publicJwk, exp: now };
  const young = world.key.publicJwk;
  for (const keys of [
    [old, young],
    [young, old],
  ]) {
    assert.equal(await clients.commit(clients.snapshot().version, { putClients: [{ ...row, keys }] }), 'ok');
    assert.equal((await ask(await sign())).status, 200);
    assert.equal((await refusal(await sign({}, stranger)))[0], '400 invalid_grant MP-124');
  }
  // A key that was replaced under its name, and one that was taken away, are dead from the next request on.
  assert.equal(
    await clients.commit(clients.snapshot().version, { putClients: [{ ...row, keys: [stranger.publicJwk] }] }),
    'ok',
  );
  assert.equal((await refusal(await sign()))[0], '400 invalid_grant MP-124');
  assert.equal((await ask(await sign({}, stranger))).status, 200);
  assert.equal(await clients.commit(clients.snapshot().version, { putClients: [row] }), 'ok');
});
