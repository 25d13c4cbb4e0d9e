import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestKeys, createWorld } from '../../src/exchange/testing/world.ts';
import { startProvider as startLoginProvider } from '../../src/login/testing/provider.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import { isAddressRefused } from '../../src/oauth/fetch.ts';
import { create } from '../../src/sdk/index.ts';
import { makeKeys, startSidecar, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { openTrust } from '../../src/up/trust.ts';
import { createOutboundFetch } from '../../src/web/outbound-fetch.ts';
import { freePort } from '../servers/free-port.ts';
import { startIssuer, token } from './55-issuer.ts';

const keys = await makeKeys();
const exchangeKeys = await createTestKeys();
const NOW = 1_795_305_600;
const HOST = 'rebind.test';

/** What a name meant at each look, and where connections to it went. */
interface Looks {
  readonly looks: string[];
  readonly connected: string[];
}

/** Gives every program of this test the outward connections of production, over a resolver whose answers change at each look. */
function changingName(t: TestContext, answers: readonly string[]): Looks {
  const looks: string[] = [];
  const connected: string[] = [];
  const outbound = createOutboundFetch({
    resolve: (host) => {
      assert.equal(host, HOST);
      const address = answers[looks.length % answers.length] ?? '';
      looks.push(address);
      return Promise.resolve([{ address, family: 4 }]);
    },
  });
  const real = globalThis.fetch;
  t.mock.method(globalThis, 'fetch', (input: string, init?: RequestInit) =>
    new URL(input).hostname === HOST ? outbound.fetch(input, init) : real(input, init),
  );
  const note = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once('lookup', (_error, _address, _family, host) => {
      if (host === HOST) socket.once('connect', () => connected.push(socket.remoteAddress ?? 'nowhere'));
    });
  };
  subscribe('net.client.socket', note);
  t.after(async () => {
    unsubscribe('net.client.socket', note);
    await outbound.close();
  });
  return { looks, connected };
}

/** An issuer on this machine that calls itself by the name. */
async function namedIssuer(
  t: TestContext,
  jwk: Parameters<typeof startIssuer>[1],
): Promise<Record<'origin' | 'wellKnown', string>> {
  const issuer = await startIssuer(t, jwk);
  const origin = issuer.origin.replace('127.0.0.1', HOST);
  issuer.change = { issuer: origin, jwks_uri: `${origin}/jwks`, token_endpoint: `${origin}/token` };
  return { origin, wellKnown: issuer.wellKnown.replace('127.0.0.1', HOST) };
}

/** Starts a program over an issuer of that name, and says whether it got what it needs of it. */
const PROGRAMS: Readonly<Record<string, (t: TestContext) => Promise<boolean>>> = {
  async exchange(t) {
    const { origin, wellKnown } = await namedIssuer(t, exchangeKeys.idp);
    const world = await createWorld({
      keys: exchangeKeys,
      idp: { issuer: origin, jwksUri: undefined, wellKnown, allowHttp: true },
    });
    t.after(() => world.close());
    const subject_token = token(exchangeKeys.idp, { iss: origin, client_id: 'login-client' }, NOW);
    return (await world.exchange({ subject_token })).status === 200;
  },
  async sidecar(t) {
    const { origin, wellKnown } = await namedIssuer(t, keys.issuerJwk);
    const sidecar = await startSidecar(t, {
      ...testEnv(origin, keys),
      FULLMAKT_ALLOW_LOCAL_PROVIDERS: HOST,
      TOKEN_X_ISSUER: origin,
      TOKEN_X_JWKS_URI: undefined,
      TOKEN_X_TOKEN_ENDPOINT: undefined,
      TOKEN_X_WELL_KNOWN_URL: wellKnown,
    });
    const subject = token(keys.issuerJwk, { iss: origin, aud: 'local:fleet:api' }, sidecar.clock.now);
    const answer = await sidecar.post('/introspect', { identity_provider: 'tokenx', token: subject });
    return (await answer.text()).includes('"active":true');
  },
  async 'login proxy'(t) {
    const provider = await startLoginProvider(t, () => NOW);
    const origin = new URL(provider.wellKnownUrl).origin;
    const document = (await (await fetch(provider.wellKnownUrl)).json()) as Record<string, unknown>;
    for (const [name, value] of Object.entries(document)) {
      if (typeof value === 'string')
        provider.bends.metadata[name] = value.replace(origin, origin.replace('127.0.0.1', HOST));
    }
    const world = await startWorld(t, {
      provider,
      clock: { seconds: NOW },
      env: {
        FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: provider.wellKnownUrl.replace('127.0.0.1', HOST),
        FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: HOST,
      },
    });
    return (await world.browser.visit('/oauth2/login')).status === 302;
  },
  async SDK(t) {
    const { origin, wellKnown } = await namedIssuer(t, keys.issuerJwk);
    const auth = create(
      [{ provider: 'oidc:mine', issuer: origin, keys: { wellKnownUrl: wellKnown }, audience: ['me'] }],
      { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: HOST }, clock: () => NOW },
    );
    t.after(() => auth.close());
    return (await auth.validate(token(keys.issuerJwk, { iss: origin, aud: 'me' }, NOW))).ok;
  },
};

for (const [name, start] of Object.entries(PROGRAMS)) {
  test(`T55 a name that means another machine a moment later leads where it was checked to lead, with one look a connection: ${name}`, async (t) => {
    const { looks, connected } = changingName(t, ['127.0.0.1', '127.0.0.1', '127.0.0.1', '169.254.169.254']);
    assert.equal(await start(t), true);
    // The first look of all is for a public address only, which this is not.
    const [, ...good] = looks.filter((address) => address === '127.0.0.1');
    assert.ok(good.length > 0);
    assert.deepEqual(connected, good);
    for (let times = 0; times < 4 && looks.at(-1) !== '169.254.169.254'; times += 1) {
      // Nobody listens there, so nothing comes of the looks before the last either.
      await assert.rejects(fetch(`http://${HOST}:${await freePort()}/`));
    }
    assert.equal(looks.at(-1), '169.254.169.254');
    assert.deepEqual(connected, good);
  });

  test(`T55 a name that means a link-local address when it is looked up is not connected to, whatever it means next: ${name}`, async (t) => {
    const { looks, connected } = changingName(t, ['169.254.169.254']);
    assert.equal(await start(t), false);
    assert.ok(looks.length > 0);
    assert.deepEqual(connected, []);
  });
}

test('T55 what `up` gives its programs connects to no link-local address', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'trust-'));
  const trust = openTrust(folder, Date.now() / 1000);
  t.after(async () => {
    await trust.close();
    rmSync(folder, { recursive: true });
  });
  for (const host of ['169.254.169.254', '[fe80::1]', '2852039166', '[::ffff:a9fe:a9fe]']) {
    await assert.rejects(trust.fetch(`http://${host}/latest/meta-data`), isAddressRefused, host);
  }
});

test('T55 no program has another way out: the built-in fetch is for those who use the SDK, and commands make the checked one', () => {
  const src = join(import.meta.dirname, '../../src');
  const shipped = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|testing|fixtures|node_modules|^sdk/.test(file),
  );
  const callers = shipped.filter((file) =>
    /globalThis\.fetch|(?<![.\w])fetch\(/.test(
      readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
    ),
  );
  // The last is what is given to the others, which call it.
  const given = ['oauth/clock-skew.ts', 'oauth/document.ts', 'sidecar/daemon/at-most.ts', 'sidecar/tracing.ts'];
  assert.deepEqual(callers.toSorted(), [...given, 'web/outbound-fetch.ts']);
});
