import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { DAY, HOUR } from '../../oauth/time.ts';
import { KEYS_AT, openPeers, PEER, settle, WELL_KNOWN } from '../testing/peers.ts';
import { createTestKeys, createWorld, sign } from '../testing/world.ts';

const [keys, next, one] = await Promise.all([
  createTestKeys(),
  generatePrivateJwk('ES256', 'next'),
  generatePrivateJwk('ES256', 'one'),
]);
const good = { keys: [publicJwk(one)] };

const FLOODED: Readonly<Record<string, () => Response>> = {
  'a good key set': () => Response.json(good),
  'an empty key set': () => Response.json({ keys: [] }),
  'an issuer that is busy': () => new Response('', { status: 503 }),
  'an issuer that cannot be reached': () => {
    throw new TypeError('fetch failed');
  },
};

for (const [what, answer] of Object.entries(FLOODED)) {
  const count = what === 'a good key set' ? 100_000 : 2000;
  test(`N12 ${count} random key ids in ten minutes: at most two fetches in any minute, and good keys stay: ${what}`, async (t) => {
    const fetchedAt: number[] = [];
    const time = { now: 0 };
    let sound = true;
    const it = openPeers(
      t,
      async () => {
        fetchedAt.push(time.now);
        return sound ? Response.json(good) : answer();
      },
      { issuer: PEER, jwksUri: KEYS_AT },
    );
    assert.equal(await it.has('one'), true);
    sound = false;
    const expected = what === 'a good key set' ? [false] : [false, 'unavailable'];
    for (let minute = 0; minute < 10; minute += 1) {
      for (let second = 0; second < 60; second += 6) {
        it.clock.now += 6;
        time.now += 6;
        const kids =
          randomBytes(12 * (count / 100))
            .toString('base64url')
            .match(/.{16}/g) ?? [];
        const found = new Set(await Promise.all(kids.map((kid) => it.has(kid))));
        assert.ok(
          [...found].every((each) => expected.includes(each === true ? 'found' : each)),
          String([...found]),
        );
        assert.equal(await it.has('one'), true);
      }
    }
    for (const at of fetchedAt) {
      assert.ok(fetchedAt.filter((other) => other >= at && other < at + 60).length <= 2, fetchedAt.join());
    }
  });
}

test('N12 an issuer that answers slowly is asked once, and good keys do not wait for it', async (t) => {
  const slow = Promise.withResolvers<Response>();
  let fetches = 0;
  const it = openPeers(
    t,
    async () => {
      fetches += 1;
      return fetches === 1 ? Response.json(good) : slow.promise;
    },
    { issuer: PEER, jwksUri: KEYS_AT },
  );
  assert.equal(await it.has('one'), true);
  it.clock.now += 40;
  const waiting = Array.from({ length: 1000 }, (_each, kid) => it.has(`kid-${kid}`));
  it.clock.now += 3;
  assert.equal(await it.has('one'), true);
  slow.resolve(Response.json(good));
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set([false]));
  assert.equal(fetches, 2);
});

test('N12 nobody who may not have the token makes us fetch', async (t) => {
  const world = await createWorld({ keys });
  t.after(() => world.close());
  assert.equal((await world.exchange()).status, 200);
  const before = world.fetches();
  world.clock.now += HOUR;
  const subject_token = await world.subject({ key: { ...keys.idp, kid: 'never seen' } });
  for (const parameters of [
    { audience: 'dev:fleet:lonely' },
    { audience: 'dev:fleet:nobody' },
    { client_assertion: await world.assertion({ key: keys.stranger }) },
    { client_assertion: await world.assertion({ claims: { iss: 'dev:fleet:x', sub: 'dev:fleet:x' } }) },
    { client_assertion: 'x' },
    { client_assertion: undefined },
    { grant_type: 'client_credentials' },
  ]) {
    assert.notEqual((await world.exchange({ subject_token, ...parameters })).status, 200);
  }
  assert.equal(world.fetches(), before);
  assert.equal((await world.exchange({ subject_token })).body['fm_reason'], 'subject-signature');
  assert.equal(world.fetches(), before + 1, 'the one that may has it looked for');
});

test('N19 an issuer that is down at the start stops nobody, costs its own tokens a 503 and comes back by itself', async (t) => {
  let down = true;
  const other = 'https://other.example.test';
  const rows = [
    { name: 'idporten', issuer: PEER, jwksUri: KEYS_AT, bind: 'any' as const },
    { name: 'other', issuer: other, jwks: { keys: [publicJwk(keys.idp)] }, bind: 'any' as const },
  ];
  const real = globalThis.fetch;
  t.mock.method(globalThis, 'fetch', (input: string, init?: RequestInit) => {
    if (input !== KEYS_AT) return real(input, init);
    return down
      ? Promise.reject(new TypeError('fetch failed'))
      : Promise.resolve(Response.json({ keys: [publicJwk(keys.idp)] }));
  });
  const world = await createWorld({ keys, config: { issuers: rows } });
  t.after(() => world.close());
  const statusFor = async (iss: string): Promise<unknown> => {
    const answer = await world.exchange({ subject_token: await world.subject({ claims: { iss } }) });
    return answer.status === 200 ? 200 : `${answer.status} ${String(answer.body['fm_reason'])}`;
  };
  assert.equal(await statusFor(PEER), '503 issuer-unavailable');
  assert.equal(await statusFor(other), 200);
  const own = await world.exchange({ subject_token: await world.subject({ claims: { iss: other } }) });
  const hop = await sign(
    {
      iss: 'dev:fleet:api',
      sub: 'dev:fleet:api',
      aud: 'https://tx.example.test',
      jti: 'hop',
      exp: world.clock.now + 60,
    },
    keys.client,
  );
  const second = {
    client_assertion: hop,
    subject_token: String(own.body['access_token']),
    audience: 'dev:fleet:store',
  };
  assert.equal((await world.exchange(second)).status, 200, 'and our own tokens go on');
  down = false;
  world.clock.now += 31;
  assert.equal(await statusFor(PEER), 200);
});

test('N19 an issuer that only its document names, and that is down at the start, is found as soon as it is there', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let down = true;
  const it = openPeers(
    t,
    async (url) => {
      if (down) throw new TypeError('fetch failed');
      return Response.json(url === KEYS_AT ? good : { issuer: PEER, jwks_uri: KEYS_AT });
    },
    { wellKnown: WELL_KNOWN },
  );
  await settle();
  assert.equal(await it.has('one'), 'starting');
  down = false;
  it.clock.now += 31;
  t.mock.timers.tick(5000);
  await settle();
  assert.equal(await it.has('one'), true, 'without being asked for');
});

test('N19 an outage: known keys serve for 24 h with their age told, then this issuer is unavailable, and no other', async (t) => {
  let down = false;
  const it = openPeers(
    t,
    async (url) => {
      if (down && url === KEYS_AT) throw new DOMException('too late', 'TimeoutError');
      return Response.json(good);
    },
    { issuer: PEER, jwksUri: KEYS_AT },
    { name: 'other', issuer: 'https://other.example.test', jwksUri: 'https://other.example.test/jwks' },
  );
  assert.equal(await it.has('one'), true);
  down = true;
  for (let hour = 1; hour < 24; hour += 1) {
    it.clock.now += HOUR;
    assert.equal(await it.has('one'), true, `hour ${hour}`);
    await settle();
  }
  assert.deepEqual(it.events.at(-1), { event: 'exchange.jwks_age', issuer: 'idp', ageSeconds: DAY - HOUR });
  assert.deepEqual(it.events.at(-2), { event: 'exchange.jwks', issuer: 'idp', result: 'failed' });
  it.clock.now += HOUR;
  assert.equal(await it.has('one'), 'unavailable');
  assert.equal(await it.has('one', 'https://other.example.test'), true);
  down = false;
  it.clock.now += 31;
  assert.equal(await it.has('one'), true);
});

test('N19 a removed key stops within the ten minutes though nobody asks, and a new one is there', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let set: object = good;
  const it = openPeers(t, async () => Response.json(set), { issuer: PEER, jwksUri: KEYS_AT });
  assert.equal(await it.has('one'), true);
  set = { keys: [publicJwk(next)] };
  for (let second = 0; second < 600; second += 5) {
    it.clock.now += 5;
    t.mock.timers.tick(5000);
  }
  await settle();
  assert.equal(await it.has('one'), false);
  assert.equal(await it.has('next'), true);
});

test('N19 a server that is picky about Accept gets what it wants', async (t) => {
  for (const wanted of ['application/jwk-set+json', 'application/json']) {
    const it = openPeers(
      t,
      async (_url, init) => {
        const accepts = (new Headers(init?.headers).get('accept') ?? '').split(', ').includes(wanted);
        return accepts ? Response.json(good) : new Response('', { status: 406 });
      },
      { issuer: PEER, jwksUri: KEYS_AT },
    );
    assert.equal(await it.has('one'), true);
  }
});
