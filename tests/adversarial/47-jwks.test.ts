import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld, defaultData } from '../../src/exchange/testing/world.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { sends, sendsText, startKeyServer } from './key-server.ts';
import type { KeyServer } from './key-server.ts';
import { KEY_USERS, signerOf } from './key-users.ts';
import type { KeyUser } from './key-users.ts';
import { es, keyOf, rs, signed } from './malformed/template.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { loginVerifier, openTrap } from './verifiers.ts';
import { assertInTime } from '../in-time.ts';

const HOUR = 3600;
const MIB = 1024 * 1024;
const STORM = isFull ? 100_000 : 600;
/** The exchange takes 500 requests a second of one client, whatever they hold. */
const BATCH_SECONDS = { exchange: 0.05, sidecar: 0, SDK: 0 } as const;
/** The shortest pause between fetches for unknown key ids that bring nothing new, once some time passes. */
const SHORTEST_COOL_DOWN_SECONDS = 24;
const seed = drawSeed();

const [one, two, ec] = await Promise.all([
  generatePrivateJwk('RS256', 'key-1'),
  generatePrivateJwk('RS256', 'key-2'),
  generatePrivateJwk('ES256', 'key-ec'),
]);
const [byOne, byTwo] = [signerOf(one), signerOf(two)];

interface Setup {
  readonly server: KeyServer;
  readonly user: KeyUser;
}

async function setup(t: TestContext, name: keyof typeof KEY_USERS): Promise<Setup> {
  const server = await startKeyServer(t);
  server.answer = sends({ keys: [publicJwk(one)] });
  const user = await KEY_USERS[name](t, server.url);
  assert.equal(await user.present('key-1', byOne), 'accepted');
  assert.equal(server.requests(), 1);
  return { server, user };
}

function weak(): { readonly jwk: object; readonly key: KeyObject }[] {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const odd = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  return [small, odd].map(({ publicKey, privateKey }, index) => ({
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: `weak-${index}`, use: 'sig', alg: 'RS256' },
    key: privateKey,
  }));
}

for (const name of ['exchange', 'sidecar', 'SDK'] as const) {
  test(`T47 rotation: a new key is valid at once for one fetch, and the old one while it is published: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    user.clock.now += 40;
    server.answer = sends({ keys: [publicJwk(one), publicJwk(two)] });
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => user.present('key-2', byTwo)));
    assert.deepEqual(new Set(verdicts), new Set(['accepted']));
    assert.equal(server.requests(), 2);
    assert.equal(await user.present('key-1', byOne), 'accepted');
    assert.equal(server.requests(), 2);
  });

  test(`T47 L10 stale-keys: a key that is gone is dead with the next fetch: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    user.clock.now += 40;
    server.answer = sends({ keys: [publicJwk(two)] });
    assert.equal(await user.present('key-2', byTwo), 'accepted');
    assert.equal(await user.present('key-1', byOne), 'refused');
  });

  test(`T47 L10 stale-keys: outage: known keys serve for 24 h and no longer, whatever the load, and the provider is not hammered: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    server.answer = sends({}, 404);
    const before = server.requests();
    for (let hour = 1; hour <= 23; hour += 1) {
      user.clock.now += HOUR;
      for (let call = 0; call < 5; call += 1)
        assert.equal(await user.present('key-1', byOne), 'accepted', `hour ${hour}`);
    }
    assert.ok(server.requests() - before <= 23 + 1, `${server.requests() - before} fetches in 23 h`);
    user.clock.now += 2 * HOUR;
    assert.equal(await user.present('key-1', byOne), 'unavailable');
    server.answer = sends({ keys: [publicJwk(one)] });
    user.clock.now += 6 * 60;
    assert.equal(await user.present('key-1', byOne), 'accepted', 'and recovers by itself');
  });

  test(`T47 a key that is newer than an outage is not refused but cannot be judged yet, and nobody is hammered for it: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    server.answer = sends({}, 404);
    user.clock.now += 40;
    const before = server.requests();
    const kids = ['key-2', ...Array.from({ length: 20 }, (_each, index) => `other-${index}`)];
    const verdicts = await Promise.all(kids.map((kid) => user.present(kid, byTwo)));
    assert.deepEqual(new Set(verdicts), new Set(['unavailable']));
    assert.equal(await user.present('key-2', byTwo), 'unavailable');
    assert.equal(await user.present('key-1', byOne), 'accepted');
    assert.equal(server.requests(), before + 1);
    server.answer = sends({ keys: [publicJwk(one), publicJwk(two)] });
    user.clock.now += 40;
    assert.equal(await user.present('key-2', byTwo), 'accepted', 'and recovers by itself');
    assert.equal(await user.present('stranger', byTwo), 'refused');
  });

  test(`T47 L9 kid-storm: ${STORM} unknown key ids cost one fetch per cool-down, and good tokens pass meanwhile: ${name}, seed ${seed}`, async (t) => {
    const { server, user } = await setup(t, name);
    const random = createRandom(seed);
    for (let round = 0; round < 2; round += 1) {
      user.clock.now += 40;
      const [before, since] = [server.requests(), user.clock.now];
      for (let sent = 0; sent < STORM / 2; sent += 20) {
        user.clock.now += BATCH_SECONDS[name];
        const kids = Array.from({ length: 20 }, () => random.text(20));
        const verdicts = await Promise.all(kids.map((kid) => user.present(kid, byTwo)));
        assert.deepEqual(new Set(verdicts), new Set(['refused']));
        assert.equal(await user.present('key-1', byOne), 'accepted');
      }
      const allowed = 1 + Math.floor((user.clock.now - since) / SHORTEST_COOL_DOWN_SECONDS);
      assert.ok(server.requests() - before <= allowed, `${server.requests() - before} fetches`);
    }
  });

  test(`T47 a provider that hangs delays nobody while there are keys: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    server.answer = () => {};
    user.clock.now += 12 * 60;
    const started = performance.now();
    for (let call = 0; call < 5; call += 1) assert.equal(await user.present('key-1', byOne), 'accepted');
    assertInTime(performance.now() - started, 5000);
  });

  test(`T47 sets that are too long, no sets, or elsewhere leave the good set in place: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    const trap = await openTrap(t);
    const good = JSON.stringify({ keys: [publicJwk(two)] });
    const many = Array.from({ length: 101 }, (_each, index) => ({ ...publicJwk(two), kid: `key-2-${index}` }));
    const answers: Readonly<Record<string, KeyServer['answer']>> = {
      '10 MiB': sendsText(`{"keys":[],"x":"${'x'.repeat(10 * MIB)}"}`),
      '256 KiB and a byte': sendsText(good.padEnd(256 * 1024 + 1)),
      HTML: sendsText('<!doctype html><title>Sign in</title>', 'text/html'),
      'a redirect': (response) => void response.writeHead(302, { location: `${trap.origin}/jwks` }).end(),
      'a permanent redirect': (response) => void response.writeHead(308, { location: server.url }).end(good),
      'no keys': sends({ keys: [] }),
      'keys that are no list': sends({ keys: { '0': publicJwk(two) } }),
      'a list': sends([publicJwk(two)]),
      '101 keys': sends({ keys: [...many, publicJwk(two)] }),
      'a name twice': sendsText(`{"keys":[],${good.slice(1)}`),
      'two documents': sendsText(`${good}${good}`),
      'no UTF-8': sendsText(
        Buffer.concat([Buffer.from(good.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]),
      ),
      'nothing at all': sendsText(''),
      'status 204': (response) => void response.writeHead(204).end(),
      'status 203': (response) => void response.writeHead(203).end(good),
    };
    for (const [what, answer] of Object.entries(answers)) {
      server.answer = answer;
      user.clock.now += 6 * 60;
      const before = server.requests();
      assert.equal(await user.present('key-2', byTwo), 'unavailable', what);
      assert.equal(server.requests(), before + 1, `${what} was fetched`);
      assert.equal(await user.present('key-1', byOne), 'accepted', what);
    }
    assert.equal(trap.connections(), 0);
  });

  test(`T47 keys that are weak, for other uses, private, symmetric or broken are skipped, not the set: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    const [small, odd] = weak();
    assert.ok(small !== undefined && odd !== undefined);
    const other = (change: object): object => ({ ...publicJwk(two), ...change });
    const bad: readonly object[] = [
      small.jwk,
      odd.jwk,
      other({ kid: 'enc', use: 'enc' }),
      other({ kid: 'ops', key_ops: ['sign'] }),
      other({ kid: 'wrap', key_ops: ['encrypt', 'wrapKey'] }),
      other({ kid: 'alg', alg: 'RSA-OAEP' }),
      other({ kid: 'hs', alg: 'HS256' }),
      { ...two, kid: 'private' },
      { kty: 'oct', kid: 'oct', k: 'AAAA', alg: 'HS256' },
      { ...publicJwk(ec), kid: 'off-curve', x: publicJwk(ec)['y'] },
      { ...publicJwk(ec), kid: 'zero', x: 'A'.repeat(43), y: 'A'.repeat(43) },
      other({ kid: '' }),
      other({ kid: undefined }),
      other({ kid: 7 }),
      { kid: 'nothing' },
    ];
    server.answer = sends({ keys: [...bad, publicJwk(one), publicJwk(ec), null, 'key'] });
    user.clock.now += 40;
    assert.equal(await user.present('weak-0', rs(small.key)), 'refused');
    assert.equal(await user.present('weak-1', rs(odd.key)), 'refused');
    for (const kid of ['enc', 'ops', 'wrap', 'alg', 'hs', 'private']) {
      assert.equal(await user.present(kid, byTwo), 'refused', kid);
    }
    for (const kid of ['off-curve', 'zero'])
      assert.equal(await user.present(kid, es(keyOf(ec)), 'ES256'), 'refused', kid);
    assert.equal(await user.present('key-1', byOne), 'accepted');
    if (name !== 'sidecar') assert.equal(await user.present('key-ec', es(keyOf(ec)), 'ES256'), 'accepted');
  });

  test(`T38 one key id for two keys makes both unusable and leaves the others: ${name}`, async (t) => {
    const { server, user } = await setup(t, name);
    server.answer = sends({ keys: [publicJwk(one), publicJwk(two), { ...publicJwk(ec), kid: 'key-2' }] });
    user.clock.now += 40;
    assert.equal(await user.present('key-2', byTwo), 'refused');
    assert.equal(await user.present('key-2', es(keyOf(ec)), 'ES256'), 'refused');
    assert.equal(await user.present('key-1', byOne), 'accepted');
  });
}

test('T38 two keys registered under one id are no key of a client at the exchange', async (t) => {
  const keys = await createTestKeys();
  const twins = [publicJwk(keys.client), { ...publicJwk(one), kid: keys.client.kid }];
  const base = defaultData(keys);
  const clients = base.clients.map((client) => (client.provider === 'tokenx' ? { ...client, keys: twins } : client));
  const world = await createWorld({ keys, data: { clients } });
  t.after(() => world.close());
  const answer = await world.exchange();
  assert.deepEqual([answer.status, answer.body['error']], [401, 'invalid_client']);
});

test('T38 one key id for two keys makes both unusable at the login proxy', async (t) => {
  const trap = await openTrap(t);
  const other = await loginVerifier(t, trap, (jwk) => [publicJwk(jwk), publicJwk(one)]);
  assert.equal(await other.present((template) => signed(template)), 'accepted', 'another key beside it');
  const twin = await loginVerifier(t, trap, (jwk) => [publicJwk(jwk), { ...publicJwk(one), kid: jwk.kid }]);
  const verdict = await twin.present((template) => signed(template));
  assert.match(verdict, /refused|^503 /, 'no key is left, so there is nothing to judge by');
});
