import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseForm } from '../../web/forms.ts';
import { serve } from '../../web/serve.ts';
import { createIdp } from '../app.ts';
import { listOf, openControlOf } from '../testing/control.ts';
import { CLIENTS } from '../testing/rows.ts';
import { authorizeUrl, claimsOf, codeAt, PID, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra'] });
const heard: { readonly path: string; readonly query: string; readonly body: string }[] = [];
const app = await serve({
  name: 'Application',
  setting: 'NONE',
  host: '127.0.0.1',
  port: 0,
  handle: async (request) => {
    heard.push({ path: request.path, query: request.query, body: (await request.body()).toString() });
    return { status: 200, body: '' };
  },
});
after(async () => {
  await app.close(0);
  await world.close();
});
const control = await openControlOf(world);

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  heard.length = 0;
  await control('POST', '/v1/reset');
}

/** Signs in at a client that is told of logouts both ways. */
async function signIn(jar: Jar): Promise<void> {
  const redirect = `${app.origin}/callback`;
  await control('POST', '/v1/idporten/clients', {
    client_id: 'told',
    token_endpoint_auth_method: 'none',
    redirect_uris: [redirect],
    frontchannel_logout_uri: `${app.origin}/front`,
    frontchannel_logout_session_required: true,
    backchannel_logout_uri: `${app.origin}/back`,
    backchannel_logout_session_required: true,
  });
  const code = await codeAt(world, { client_id: 'told', redirect_uri: redirect }, jar);
  assert.ok(!code.startsWith('no code'), code);
}

async function isSignedIn(jar: Jar): Promise<boolean> {
  return redirected(await visit(world, jar, authorizeUrl({ prompt: 'none' }))).has('code');
}

test('control: sessions are listed with person, level and clients', async () => {
  await startAgain();
  const jar: Jar = new Map();
  await signIn(jar);
  await codeAt(world, { client_id: CLIENTS.portal }, jar);
  const sessions = listOf(await control('GET', '/v1/idporten/sessions'), 'sessions');
  assert.equal(sessions.length, 1);
  const [session] = sessions;
  assert.deepEqual(
    [session?.['pid'], session?.['acr'], session?.['auth_time'], session?.['clients']],
    [PID, 'idporten-loa-high', world.clock.now, [CLIENTS.portal, 'told']],
  );
  const one = await control('GET', `/v1/idporten/sessions/${String(session?.['sid'])}`);
  assert.deepEqual(one.body, session);
  assert.equal((await control('GET', '/v1/idporten/sessions/none')).status, 404);
  assert.deepEqual(listOf(await control('GET', '/v1/entra/sessions'), 'sessions'), []);
});

test('control: ending a session ends it and tells nobody', async () => {
  await startAgain();
  const jar: Jar = new Map();
  await signIn(jar);
  const [session] = listOf(await control('GET', '/v1/idporten/sessions'), 'sessions');
  const ended = await control('DELETE', `/v1/idporten/sessions/${String(session?.['sid'])}`);
  assert.deepEqual(ended.body, { ended: [session?.['sid']], frontchannel: [] });
  assert.deepEqual(heard, []);
  assert.equal(await isSignedIn(jar), false);
  assert.equal((await control('DELETE', `/v1/idporten/sessions/${String(session?.['sid'])}`)).status, 404);
});

test('control: ending all sessions with notify=1 tells every client by front and back channel, as a logout does', async () => {
  await startAgain();
  const jar: Jar = new Map();
  await signIn(jar);
  const [session] = listOf(await control('GET', '/v1/idporten/sessions'), 'sessions');
  const sid = String(session?.['sid']);
  const { body } = await control('DELETE', '/v1/idporten/sessions?notify=1');
  assert.deepEqual(body, { ended: [sid], frontchannel: [{ uri: `${app.origin}/front`, status: 200 }] });
  assert.equal(await isSignedIn(jar), false);
  assert.deepEqual(heard.map(({ path }) => path).toSorted(), ['/back', '/front']);
  const front = heard.find(({ path }) => path === '/front');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(front?.query)), { iss: ISSUERS.idporten, sid });
  const sent = parseForm(heard.find(({ path }) => path === '/back')?.body ?? '');
  const claims = claimsOf(sent.ok ? sent.form.get('logout_token') : '');
  assert.deepEqual([claims['iss'], claims['aud'], claims['sid']], [ISSUERS.idporten, 'told', sid]);
  const logout = listOf(await control('GET', '/v1/issued?client=told'), 'issued').find(({ kind }) => kind === 'logout');
  assert.ok(logout !== undefined);
});

test('control: a reset outlasts a restart: what was forgotten does not come back', async () => {
  await startAgain();
  const jar: Jar = new Map();
  await codeAt(world, {}, jar);
  assert.equal(await isSignedIn(jar), true);
  await control('POST', '/v1/reset');
  const again = await createIdp(world.config, world.deps);
  const specs = again.listeners.filter(({ name }) => name === 'ID-porten login');
  const listeners = await Promise.all(specs.map((spec) => serve(spec)));
  try {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const url = authorizeUrl({ prompt: 'none' }).replace(ISSUERS.login, listeners[0]?.origin ?? '');
    const response = await fetch(url, { headers: { cookie }, redirect: 'manual' });
    assert.equal(redirected(response).get('error'), 'login_required');
  } finally {
    await Promise.all(listeners.map((each) => each.close(0)));
    await again.close();
  }
});
