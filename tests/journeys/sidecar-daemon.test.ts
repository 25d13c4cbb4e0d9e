import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../src/web/http.ts';
import { until } from '../until.ts';
import {
  keys,
  otherKey,
  MACHINE,
  openWorld,
  write,
  written,
  post,
  tokenOf,
  problemOf,
} from './sidecar-daemon-world.ts';
import type { App } from './sidecar-daemon-world.ts';

/* One sidecar for many applications: what they share, and what none has of another (sidecar-sdk.md 3.8). */

function claimsOf(form: URLSearchParams | undefined): Record<string, unknown> {
  const [, claims = ''] = form?.get('client_assertion')?.split('.') ?? [];
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

test('S2 two apps and one target give two keys and two tokens: the listener alone decides who asks (8.1)', async (t) => {
  const it = await openWorld(t);
  const one = await written(it, 'team-a/api');
  const two = await written(it, 'team-b/api', { AZURE_APP_JWK: JSON.stringify(otherKey) });
  await it.start();
  const tokens = [await tokenOf(one), await tokenOf(two)];
  assert.notEqual(tokens[0], tokens[1]);
  assert.deepEqual([await tokenOf(one), await tokenOf(two)], tokens, 'each has its own from the cache');
  assert.deepEqual(
    it.provider.forms.map((form) => form.get('client_id')),
    ['entra-team-a/api', 'entra-team-b/api'],
  );
  // No field, no header and no name of the host moves a request to the other application.
  const more = { client_id: 'entra-team-b/api', app: 'team-b/api', namespace: 'team-b', skip_cache: true };
  await tokenOf(one, more);
  const response = await fetch(`${one.origin}/api/v1/token?app=team-b/api`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-host': two.origin, 'x-app': 'team-b/api' },
    body: JSON.stringify({ ...MACHINE, skip_cache: true }),
  });
  assert.equal(response.status, 200);
  const [, , third, fourth] = it.provider.forms;
  assert.deepEqual([claimsOf(third)['iss'], claimsOf(fourth)['iss']], ['entra-team-a/api', 'entra-team-a/api']);
});

test('L13 the same client and the same target at two listeners are two entries of two caches (3.8)', async (t) => {
  const it = await openWorld(t);
  const same = { AZURE_APP_CLIENT_ID: 'one-client' };
  const [one, two] = [await written(it, 'team-a/one', same), await written(it, 'team-a/two', same)];
  await it.start();
  assert.notEqual(await tokenOf(one), await tokenOf(two));
  assert.equal(it.provider.forms.length, 2);
});

test('keys of an issuer are fetched once for all apps; breakers are of each app (3.8)', async (t) => {
  const it = await openWorld(t);
  const apps = [await written(it, 'a/one'), await written(it, 'a/two'), await written(it, 'b/three')];
  const daemon = await it.start();
  const introspect = async (app: App, aud: string | undefined): Promise<unknown> => {
    const times = { iat: daemon.clock.now, exp: daemon.clock.now + 60 };
    const token = await it.provider.mint({ iss: `${it.provider.origin}/entra`, aud, sub: 's', ...times });
    const response = await post(app.origin, '/introspect', { identity_provider: 'entra_id', token });
    return ((await response.json()) as Record<string, unknown>)['active'];
  };
  for (const app of apps) {
    assert.equal(await introspect(app, app.credentials['AZURE_APP_CLIENT_ID']), true);
    assert.equal(await introspect(app, 'entra-of-another'), false);
  }
  assert.equal(daemon.fetched.filter((url) => url.endsWith('/jwks')).length, 4, 'one for each of four issuers');
  const [one, two] = apps;
  assert.ok(one !== undefined && two !== undefined);
  it.provider.answer = () => json(503, {});
  for (let call = 0; call < 3; call += 1) await post(one.origin, '/token', MACHINE);
  const calls = it.provider.forms.length;
  await post(one.origin, '/token', MACHINE);
  assert.equal(it.provider.forms.length, calls, 'one pauses');
  it.provider.answer = () => json(200, { access_token: 'x', token_type: 'Bearer', expires_in: 600 });
  assert.equal(await tokenOf(two), 'x', 'and keeps nobody else from asking');
});

test("what the daemon's own environment says of clients is nobody's; what it says of limits is everybody's (3.8)", async (t) => {
  const it = await openWorld(t);
  const app = await it.plan('a/app');
  const { AZURE_APP_JWK: _, ...credentials } = app.credentials;
  await write({ ...app, credentials });
  const env = { AZURE_APP_JWK: JSON.stringify(keys.client), FULLMAKT_SIDECAR_JSON_ONLY: 'true' };
  const daemon = await it.start(env);
  assert.match(problemOf(daemon, 'a/app'), /AZURE_APP_JWK is missing/);
  await write(app);
  await daemon.daemon.readAgain();
  const form = await fetch(`${app.origin}/api/v1/token`, { method: 'POST', body: new URLSearchParams(MACHINE) });
  assert.equal(form.status, 400);
  await tokenOf(app);
});

test('an application that floods a provider has a share of the connections, not all of them (3.8)', async (t) => {
  const it = await openWorld(t);
  const [hog, other] = [await written(it, 'a/hog'), await written(it, 'b/other')];
  await write({ ...hog, credentials: { ...hog.credentials, AZURE_APP_CLIENT_ID: 'the-hog' } });
  await it.start();
  // On a busy machine the others take longer than who is held waits for an answer.
  t.mock.method(AbortSignal, 'timeout', () => new AbortController().signal);
  const gate = Promise.withResolvers<void>();
  const ofHog = (): number => it.provider.forms.filter((form) => form.get('client_id') === 'the-hog').length;
  it.provider.answer = async () => {
    if (it.provider.forms.at(-1)?.get('client_id') === 'the-hog') await gate.promise;
    return json(200, { access_token: 'one', token_type: 'Bearer', expires_in: 600 });
  };
  const asked = Array.from({ length: 250 }, (_, at) => tokenOf(hog, { target: `target-${at}` }));
  await until(() => ofHog() === 200);
  for (let at = 0; at < 20; at += 1) await tokenOf(other, { target: `target-${at}` });
  assert.equal(ofHog(), 200);
  gate.resolve();
  assert.equal((await Promise.all(asked)).length, 250);
  assert.equal(ofHog(), 250);
});
