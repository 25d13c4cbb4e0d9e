import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { IdportenRegistration } from '../../registry/model.ts';
import type { Handle, HttpRequest, HttpResponse } from '../../web/http.ts';
import { serve } from '../../web/serve.ts';
import { tellLogout } from '../engine/backchannel-logout.ts';
import type { LocalClient } from '../engine/client.ts';
import type { IdpEvent } from '../events.ts';
import { createFaults } from '../faults.ts';
import { createJournal } from '../journal.ts';
import type { Realm } from '../persona.ts';
import { registerIdporten } from '../testing/idporten-clients.ts';
import { askToken, authorizeUrl, claimsOf, codeAt, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

// The provider is on localhost, its clients are on 127.0.0.1: another site for every browser.
const world = await openWorld({ personas: ['idporten'], idportenLoginBind: { host: 'localhost', port: 0 } });
after(() => world.close());

interface Told {
  readonly method: string;
  readonly path: string;
  readonly body: URLSearchParams;
}

/** A client's own listener, and what it was told. */
async function listen(t: TestContext, answer: Handle): Promise<{ readonly origin: string; readonly told: Told[] }> {
  const told: Told[] = [];
  const handle = async (http: HttpRequest): Promise<HttpResponse> => {
    told.push({ method: http.method, path: http.path, body: new URLSearchParams((await http.body()).toString()) });
    return await answer(http);
  };
  const listener = await serve({ name: 'client', setting: 'NONE', host: '127.0.0.1', port: 0, handle });
  t.after(() => listener.close(0));
  return { origin: listener.origin, told };
}

function backed(name: string, uri: string, change: Partial<IdportenRegistration> = {}): string {
  return registerIdporten(world, name, {
    backchannelLogoutUri: uri,
    backchannelLogoutSessionRequired: true,
    ...change,
  });
}

/** What became of telling each client, in the order of their ids. */
function outcomes(): readonly string[] {
  return world.events.flatMap(outcomeOf).toSorted();
}

function outcomeOf(event: IdpEvent): readonly string[] {
  if (event.event === 'idp.logout_told') return [`${event.client} told`];
  return event.event === 'idp.logout_untold' ? [`${event.client} ${event.cause}`] : [];
}

async function signOut(jar: Jar): Promise<Response> {
  world.events.length = 0;
  return await visit(world, jar, `${ISSUERS.login}/logout`);
}

test('idporten-10-logout: the client gets exactly one back-channel POST with a logout token (OpenID Connect Back-Channel Logout 1.0 2.4, 2.5)', async (t) => {
  const { origin, told } = await listen(t, () => Promise.resolve({ status: 204 }));
  const client = backed('listening', `${origin}/back?x=1`);
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, { client_id: client }, jar)), client);
  await visit(world, jar, authorizeUrl({ client_id: client, prompt: 'none' }));
  assert.equal((await signOut(jar)).status, 200);
  assert.deepEqual(
    told.map(({ method, path }) => [method, path]),
    [['POST', '/back']],
  );
  assert.deepEqual(outcomes(), [`${client} told`]);
  assert.deepEqual([...(told[0]?.body.keys() ?? [])], ['logout_token']);
  const token = told[0]?.body.get('logout_token') ?? '';
  const jwks = (await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0];
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer: ISSUERS.idporten,
    audience: client,
    algorithms: ['RS256'],
  });
  assert.deepEqual(Object.keys(payload).toSorted(), ['aud', 'events', 'iat', 'iss', 'jti', 'sid', 'sub']);
  assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
  const { sid, sub } = claimsOf(body['id_token']);
  assert.deepEqual([payload['sid'], payload.sub, payload.iat], [sid, sub, world.clock.now]);
  assert.deepEqual(Object.keys(decodeProtectedHeader(token)).toSorted(), ['alg', 'kid']);
  await signOut(jar);
  assert.equal(told.length, 1, 'a session ends once');
});

test('idporten-10-logout: dead, failing and redirecting clients are told once, and hold nobody up', async (t) => {
  const failing = await listen(t, () => Promise.resolve({ status: 500 }));
  const redirecting = await listen(t, () =>
    Promise.resolve({ status: 302, headers: { Location: `${failing.origin}/else` } }),
  );
  const good = await listen(t, () => Promise.resolve({ status: 200 }));
  const clients = [
    backed('a-dead', 'http://127.0.0.1:1/back'),
    backed('b-failing', `${failing.origin}/back`),
    backed('c-redirecting', `${redirecting.origin}/back`),
    backed('d-good', `${good.origin}/back`),
  ];
  const jar: Jar = new Map();
  for (const client of clients) await codeAt(world, { client_id: client }, jar);
  assert.equal((await signOut(jar)).status, 200);
  const [dead = '', ...others] = outcomes();
  assert.match(dead, /^a-dead-id (?!told)/);
  assert.deepEqual(others, ['b-failing-id answered 500', 'c-redirecting-id answered 302', 'd-good-id told']);
  assert.deepEqual(
    [failing, redirecting, good].map(({ told }) => told.length),
    [1, 1, 1],
  );
});

test('idporten-10-logout: a client is told at a host of its redirect URIs and on this machine only', async (t) => {
  const { origin, told } = await listen(t, () => Promise.resolve({ status: 200 }));
  const here = `http://localhost:${new URL(origin).port}/back`;
  const far = 'http://app.example.test/back';
  const clients = [
    backed('e-elsewhere', here),
    backed('f-far', far, {
      redirectUris: ['http://127.0.0.1:7500/oauth2/callback', 'https://app.example.test/callback'],
    }),
    backed('g-file', 'file:///etc/hosts'),
  ];
  const jar: Jar = new Map();
  for (const client of clients) await codeAt(world, { client_id: client }, jar);
  await signOut(jar);
  assert.deepEqual(outcomes(), [
    'e-elsewhere-id no redirect URI has the host of the address',
    'f-far-id the address is not loopback',
    'g-file-id the address is not http or https',
  ]);
  assert.equal(told.length, 0);
});

test('idporten-10-logout: a session that ran out by itself is told to nobody, not even by a logout after it', async (t) => {
  const { origin, told } = await listen(t, () => Promise.resolve({ status: 200 }));
  const client = backed('late', `${origin}/back`);
  const jar: Jar = new Map();
  const { body } = await askToken(world, redeem(await codeAt(world, { client_id: client }, jar)), client);
  world.clock.now += 30 * 60;
  assert.equal(redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).get('error'), 'login_required');
  const query = new URLSearchParams({ id_token_hint: String(body['id_token']) });
  await visit(world, jar, `${ISSUERS.login}/logout?${query.toString()}`);
  assert.equal(told.length, 0);
});

test('idporten-10-logout: a hint is enough where the browser keeps its cookie back; a session of its own is told too', async (t) => {
  const { origin, told } = await listen(t, () => Promise.resolve({ status: 200 }));
  const client = backed('own', `${origin}/back`, { ssoDisabled: true });
  const { body } = await askToken(world, redeem(await codeAt(world, { client_id: client })), client);
  const query = new URLSearchParams({ id_token_hint: String(body['id_token']) });
  assert.equal((await world.fetch(`${ISSUERS.login}/logout?${query.toString()}`)).status, 200);
  assert.equal(claimsOf(told[0]?.body.get('logout_token'))['sid'], claimsOf(body['id_token'])['sid']);
});

test('idporten-10-logout: a client that never answers is given up after 5 seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [asked, events] = [Promise.withResolvers<void>(), [] as IdpEvent[]];
  const silence = (_: string, init: RequestInit = {}): Promise<Response> => {
    const { promise, reject } = Promise.withResolvers<Response>();
    init.signal?.addEventListener('abort', () => reject(new Error(String(init.signal?.reason))));
    asked.resolve();
    return promise;
  };
  const realm = {
    persona: { name: 'idporten' },
    keys: { signer: () => ({ signing: world.key }) },
    journal: createJournal(),
    faults: createFaults(),
    fetch: silence,
    now: () => world.clock.now,
    emit: (event: IdpEvent) => void events.push(event),
    allowNonLoopback: false,
  } as unknown as Realm;
  const at = { realm, place: { issuer: ISSUERS.idporten, tokenEndpoint: '', tenant: '' } };
  const session = { sid: 's', tenant: '', pid: '', acr: '', amr: [], authTime: world.clock.now };
  const policy = { subject: () => 'somebody', typ: undefined, lifetimeSeconds: undefined };
  const client = {
    id: 'silent-id',
    redirectUris: ['http://127.0.0.1/'],
    backchannelLogoutUri: 'http://127.0.0.1/back',
  };
  const told = tellLogout({ at, policy, session }, [client as unknown as LocalClient]);
  await asked.promise;
  t.mock.timers.tick(4999);
  await Promise.resolve();
  assert.deepEqual(events, []);
  t.mock.timers.tick(1);
  await told;
  assert.deepEqual(events.flatMap(outcomeOf), ['silent-id Error: no answer in time']);
});
