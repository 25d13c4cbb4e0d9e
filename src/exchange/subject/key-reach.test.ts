import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Fetch } from '../../oauth/fetch.ts';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createOutboundFetch } from '../../web/outbound-fetch.ts';
import { serve } from '../../web/serve.ts';
import { KEYS_AT, openPeers, PEER, settle, WELL_KNOWN } from '../testing/peers.ts';

const good = { keys: [publicJwk(await generatePrivateJwk('ES256', 'one'))] };

/** What a well-known document at a public name may say, and what its names mean to the resolver at each look. */
interface Lure {
  readonly jwksUri: string;
  readonly means: readonly string[];
}

const LURES: Readonly<Record<string, Lure>> = {
  'a metadata address': { jwksUri: 'https://169.254.169.254/latest/meta-data', means: [] },
  'a metadata address in IPv6 clothes': { jwksUri: 'https://[::ffff:a9fe:a9fe]/jwks', means: [] },
  'a private address': { jwksUri: 'https://10.0.0.1/jwks', means: [] },
  'this machine': { jwksUri: 'https://127.0.0.1/jwks', means: [] },
  'this machine by name': { jwksUri: 'https://localhost/jwks', means: [] },
  'a file': { jwksUri: 'file:///etc/passwd', means: [] },
  'plain http': { jwksUri: 'http://keys.example.test/jwks', means: [] },
  'a name of the metadata service': { jwksUri: 'https://metadata.example.test/jwks', means: ['169.254.169.254'] },
  'a name of this machine': { jwksUri: 'https://inside.example.test/jwks', means: ['127.0.0.1'] },
  'a name of a private network': { jwksUri: 'https://inside.example.test/jwks', means: ['10.9.8.7'] },
  'a name that changes its mind': {
    jwksUri: 'https://rebind.example.test/jwks',
    means: ['127.0.0.1', '169.254.169.254', '10.0.0.1'],
  },
};

for (const [what, { jwksUri, means }] of Object.entries(LURES)) {
  test(`N13 the document of an issuer out there names ${what} as its key set: no connection`, async (t) => {
    const network = await ownNetwork(t, means);
    const it = openPeers(
      t,
      // The document is of the public network; what it names is fetched in earnest.
      (url, init) => {
        if (!url.startsWith(PEER)) return network.outbound(url, init);
        return Promise.resolve(Response.json({ issuer: PEER, jwks_uri: jwksUri }));
      },
      { wellKnown: WELL_KNOWN, issuer: PEER },
    );
    for (let times = 0; times < 3; times += 1) {
      assert.equal(await it.has('one'), 'unavailable');
      it.clock.now += 31;
    }
    assert.equal(network.connections(), 0);
    const looks = network.asked();
    assert.ok(looks <= 3 && (means.length === 0) === (looks === 0), `${looks} looks for three attempts`);
  });
}

/** Outward connections over a resolver that says these things one after the other, and a listener that counts who comes. */
async function ownNetwork(
  t: TestContext,
  means: readonly string[],
): Promise<{ readonly outbound: Fetch; connections(): number; asked(): number; readonly port: number }> {
  let requests = 0;
  let asked = 0;
  const listener = await serve({
    name: 'keys',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: () => {
      requests += 1;
      return { status: 200, headers: { Connection: 'close' }, body: JSON.stringify(good) };
    },
  });
  const client = createOutboundFetch({
    resolve: () => {
      const address = means[Math.min(asked, means.length - 1)] ?? '';
      asked += 1;
      return Promise.resolve([{ address, family: 4 }]);
    },
  });
  t.after(async () => {
    await client.close();
    await listener.close(0);
  });
  return {
    outbound: client.fetch,
    connections: () => requests,
    asked: () => asked,
    port: Number(new URL(listener.origin).port),
  };
}

test('N13 a configured name is looked up once for a connection, which goes where that look led', async (t) => {
  const network = await ownNetwork(t, ['127.0.0.1', '169.254.169.254']);
  const row = { issuer: PEER, jwksUri: `http://rebind.test:${network.port}/jwks`, allowHttp: true };
  const it = openPeers(t, network.outbound, row);
  assert.equal(await it.has('one'), true);
  assert.deepEqual([network.asked(), network.connections()], [1, 1]);
  it.clock.now += 40;
  assert.equal(await it.has('other'), 'unavailable');
  assert.deepEqual([network.asked(), network.connections()], [2, 1]);
  assert.equal(await it.has('one'), true);
});

test('J10 http from another machine needs allowHttp, and the document of an issuer inside may name what is inside', async (t) => {
  const network = await ownNetwork(t, ['127.0.0.1']);
  const base = `http://inside.test:${network.port}`;
  const wellKnown = `${base}/.well-known/openid-configuration`;
  const document: Fetch = async (url, init) => {
    // Asked in earnest, so that it is told from where the answer comes.
    const answer = await network.outbound(url, init);
    return url === wellKnown ? Response.json({ issuer: base, jwks_uri: `${base}/jwks` }) : answer;
  };
  const allowed = openPeers(t, document, { wellKnown, allowHttp: true });
  await settle();
  for (let look = 0; look < 100 && (await allowed.has('one', base)) !== true; look += 1) await settle();
  assert.equal(await allowed.has('one', base), true);
  const before = network.connections();
  const refused = openPeers(t, document, { wellKnown });
  await settle();
  assert.equal(await refused.has('one', base), 'starting');
  assert.equal(network.connections(), before);
});

const CLUMSY: Readonly<Record<string, () => Response>> = {
  'a redirect': () => new Response(null, { status: 302, headers: { Location: 'https://elsewhere.example.test/jwks' } }),
  HTML: () => new Response('<!doctype html><title>Sign in</title>', { headers: { 'Content-Type': 'text/html' } }),
  '10 MiB': () => new Response(`{"keys":[],"x":"${'x'.repeat(10 * 1024 * 1024)}"}`),
  '256 KiB and a byte': () => new Response(JSON.stringify(good).padEnd(256 * 1024 + 1)),
  '101 keys': () =>
    Response.json({ keys: Array.from({ length: 101 }, (_each, at) => ({ ...good.keys[0], kid: `k${at}` })) }),
};

for (const [what, answer] of Object.entries(CLUMSY)) {
  test(`N13 ${what} in place of a key set is refused cleanly, after one request`, async (t) => {
    const asked: string[] = [];
    const it = openPeers(
      t,
      async (url) => {
        asked.push(url);
        return answer();
      },
      { issuer: PEER, jwksUri: KEYS_AT },
    );
    assert.equal(await it.has('one'), 'unavailable');
    assert.deepEqual(asked, [KEYS_AT]);
  });
}

test('N13 a document over 128 KiB, or for another issuer, leads nowhere', async (t) => {
  const wellKnown = WELL_KNOWN;
  for (const document of [
    { issuer: PEER, jwks_uri: KEYS_AT, x: 'x'.repeat(128 * 1024) },
    { issuer: `${PEER}/`, jwks_uri: KEYS_AT },
    { issuer: 'https://other.example.test', jwks_uri: KEYS_AT },
  ]) {
    const asked: string[] = [];
    const it = openPeers(
      t,
      async (url) => {
        asked.push(url);
        return Response.json(document);
      },
      { wellKnown, issuer: PEER },
    );
    assert.equal(await it.has('one'), 'unavailable');
    assert.deepEqual(asked, [wellKnown]);
  }
});

test('J10 where the keys are is asked once, again when they are not there, and the last answer serves where there is none', async (t) => {
  const asked: string[] = [];
  const wellKnown = WELL_KNOWN;
  const elsewhere = `${PEER}/elsewhere`;
  const at = { document: KEYS_AT, keys: KEYS_AT };
  const it = openPeers(
    t,
    async (url) => {
      asked.push(url);
      if (url === wellKnown)
        return at.document === ''
          ? new Response('', { status: 500 })
          : Response.json({ issuer: PEER, jwks_uri: at.document });
      return url === at.keys ? Response.json(good) : new Response('', { status: 404 });
    },
    { wellKnown, issuer: PEER },
  );
  const refetch = async (): Promise<readonly string[]> => {
    asked.length = 0;
    it.clock.now += 31;
    await it.has(`unknown-${it.clock.now}`);
    return [...asked];
  };
  assert.equal(await it.has('one'), true);
  assert.deepEqual(await refetch(), [KEYS_AT]);
  at.keys = elsewhere;
  assert.deepEqual(await refetch(), [KEYS_AT]);
  at.document = elsewhere;
  assert.deepEqual(await refetch(), [wellKnown, elsewhere]);
  at.keys = '';
  await refetch();
  at.document = '';
  at.keys = elsewhere;
  assert.deepEqual(await refetch(), [wellKnown, elsewhere]);
});
