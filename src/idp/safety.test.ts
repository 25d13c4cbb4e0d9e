import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { requireLoopback, requireMarkedIssuer, UnsafeSetting } from './safety.ts';
import { CLIENTS } from './testing/rows.ts';
import { authorizeUrl, DESK_CALLBACK, PID } from './testing/sign-in.ts';
import { ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld();
after(() => world.close());

test("topology: the two origins of ID-porten do not serve each other's paths", async () => {
  for (const path of ['/authorize', '/logout'])
    assert.equal((await world.fetch(`${ISSUERS.idporten}${path}`)).status, 404);
  for (const path of ['/token', '/par', '/userinfo', '/jwks.json', '/.well-known/openid-configuration']) {
    assert.equal((await world.fetch(`${ISSUERS.login}${path}`)).status, 404);
  }
});

test('topology: the issuer is immune to Host, and the http alias of Entra keeps the https issuer', async () => {
  const { origin } = world.listener('ID-porten');
  const response = await world.fetch(`${origin.replace('127.0.0.1', 'localhost')}/.well-known/openid-configuration`);
  assert.equal(((await response.json()) as Record<string, unknown>)['issuer'], ISSUERS.idporten);
  const path = `/${TENANT}/v2.0/.well-known/openid-configuration`;
  const [alias, real] = await Promise.all([
    world.fetch(`http://localhost:7420${path}`),
    world.fetch(`${ISSUERS.entra}${path}`),
  ]);
  const text = await alias.text();
  assert.equal(text, await real.text());
  assert.match(text, /"issuer":"https:\/\/localhost:7421\//);
});

test('topology: each service has cookies of its own name, HttpOnly and Lax, Secure on https', async () => {
  const idporten = await world.fetch(authorizeUrl({ login_hint: `testid:${PID}_idporten-loa-high` }));
  assert.match(
    idporten.headers.getSetCookie()[0] ?? '',
    /^fm_idporten_sso=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENTS.desk,
    redirect_uri: DESK_CALLBACK,
    scope: 'openid',
    login_hint: 'testid:Z990001',
  });
  const entra = await world.fetch(`${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize?${query.toString()}`);
  assert.match(
    entra.headers.getSetCookie()[0] ?? '',
    /^fm_entra_sso=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test('safety: addresses others can reach, and issuers that could pass for the real ones, are refused at start', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.test']) {
    assert.throws(
      () => requireLoopback(host, false),
      (error) =>
        error instanceof UnsafeSetting &&
        error.exitCode === 78 &&
        error.message.includes(host) &&
        error.message.includes('--allow-non-loopback'),
    );
    requireLoopback(host, true);
  }
  for (const issuer of [
    'http://localhost:1',
    'https://127.0.0.1:2/x',
    'http://[::1]:3/',
    'http://fullmakt-local:7410',
    'https://a.fullmakt-local.b',
  ])
    requireMarkedIssuer(issuer, 'THE_SETTING');
  for (const issuer of [
    'https://idporten.no',
    'https://fullmakt-local.idporten.no',
    'https://fullmakt-local.idporten.no.',
    'https://x.microsoftonline.com',
    'https://example.test',
    'https://xfullmakt-local',
    'nonsense',
  ]) {
    assert.throws(() => requireMarkedIssuer(issuer, 'THE_SETTING'), {
      name: 'UnsafeSetting',
      message: /fullmakt-local \(THE_SETTING\)$/,
    });
  }
});

test('safety: keys and seed are for the owner only, and every answer carries the mark', async () => {
  for (const name of [
    'seed',
    'ca.key',
    'localhost.key',
    'keys/idporten.json',
    'keys/entra.json',
    'keys/maskinporten.json',
  ]) {
    assert.equal((await stat(join(world.stateDir, name))).mode & 0o777, 0o600, name);
  }
  assert.equal((await world.fetch(`${ISSUERS.maskinporten}nothing`)).headers.get('x-fullmakt-local'), 'maskinporten');
});
