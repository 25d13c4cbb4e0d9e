import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { registerIdporten } from '../../src/idp/testing/idporten-clients.ts';
import { createCaller } from '../../src/idp/testing/maskinporten.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { askToken, authorizeUrl, CALLBACK, codeAt, redeem, visit } from '../../src/idp/testing/sign-in.ts';
import type { Jar } from '../../src/idp/testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, TENANT } from '../../src/idp/testing/world.ts';
import { listen } from '../servers/listen.ts';
import { TEMPLATES } from './60-idp-templates.ts';
import { openProviders } from './60-idp-world.ts';

/** A server that counts who comes: bare connections too. `answer` says what a visitor gets. */
async function trap(
  t: TestContext,
  answer: { readonly status: number; readonly location?: string } = { status: 200 },
): Promise<{ readonly url: string; readonly connects: () => number; readonly requests: () => readonly string[] }> {
  let connects = 0;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { status, location } = answer;
    response.writeHead(status, location === undefined ? {} : { location }).end();
  });
  server.on('connection', () => {
    connects += 1;
  });
  const port = await listen(t, server);
  return { url: `http://127.0.0.1:${port}`, connects: () => connects, requests: () => requests };
}

/** Every parameter of any request that could hold an address. */
const ADDRESSES = [
  'request_uri',
  'request',
  'redirect_uri',
  'post_logout_redirect_uri',
  'resource',
  'iss',
  'client_id',
  'client_assertion',
  'id_token_hint',
  'logo_uri',
  'jwks_uri',
  'sector_identifier_uri',
  'initiate_login_uri',
  'registration',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'login_hint',
  'claims',
] as const;

test('T55 no parameter, header or claim makes a local provider call anybody', async (t) => {
  const providers = await openProviders();
  t.after(() => providers.close());
  const { url, connects } = await trap(t);
  const { world, send } = providers;
  for (const { at, method, path, query, form: fields } of TEMPLATES) {
    for (const name of ADDRESSES) {
      for (const value of [url, `${url}/.well-known/openid-configuration`]) {
        const sent = [...(query ?? fields ?? []).filter(([each]) => each !== name), [name, value]];
        const text = sent.map(([key = '', each = '']) => `${key}=${encodeURIComponent(each)}`).join('&');
        const headers = {
          'content-type': 'application/x-www-form-urlencoded',
          host: new URL(url).host,
          origin: url,
          referer: url,
          'x-forwarded-host': new URL(url).host,
        };
        const get = method === 'GET';
        await send({ at, method, target: get ? `${path}?${text}` : path, headers, body: get ? undefined : text });
      }
    }
  }
  const caller = createCaller(world);
  for (const header of [
    { jku: url },
    { x5u: url },
    { jwk: world.key.publicJwk, jku: url },
    { kid: url },
    { iss: url },
  ]) {
    const { now } = world.clock;
    const claims = { iss: CLIENTS.feed, sub: CLIENTS.portal, aud: url, iat: now, exp: now + 30, jti: url };
    const parts = [{ alg: 'RS256', kid: world.key.kid, ...header }, claims].map((each) =>
      Buffer.from(JSON.stringify(each)).toString('base64url'),
    );
    const assertion = `${parts.join('.')}.AAAA`;
    await caller.ask(assertion);
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
    const asked = form({ ...proof, client_id: CLIENTS.portal, grant_type: 'client_credentials' });
    for (const token of [`${ISSUERS.idporten}/token`, `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`]) {
      await world.fetch(token, asked);
      await world.fetch(token, form({ token: assertion, assertion }));
    }
  }
  assert.equal(connects(), 0);
});

test('T55 a logout calls the registered address once, follows no redirect, and no other host than the client signs in at', async (t) => {
  const providers = await openProviders();
  t.after(() => providers.close());
  const { world } = providers;
  const elsewhere = await trap(t);
  const told = await trap(t, { status: 302, location: elsewhere.url });
  registerIdporten(world, 'told', { backchannelLogoutUri: `${told.url}/out`, redirectUris: [CALLBACK] });
  const foreign = elsewhere.url.replace('127.0.0.1', 'localhost');
  registerIdporten(world, 'foreign', { backchannelLogoutUri: `${foreign}/out`, redirectUris: [CALLBACK] });
  const jar: Jar = new Map();
  for (const client of ['told-id', 'foreign-id']) {
    const code = await codeAt(world, { client_id: client }, jar);
    assert.equal((await askToken(world, redeem(code), client)).status, 200, 'both have tokens of the session');
  }
  world.events.length = 0;
  const asked = { backchannel_logout_uri: elsewhere.url, post_logout_redirect_uri: elsewhere.url };
  await visit(world, jar, `${ISSUERS.login}/logout?${new URLSearchParams(asked).toString()}`);
  await visit(world, jar, `${ISSUERS.login}/logout`);
  assert.deepEqual(told.requests(), ['POST /out']);
  assert.equal(elsewhere.connects(), 0);
  const causes = world.events.flatMap((event) => (event.event === 'idp.logout_untold' ? [event.cause] : []));
  assert.deepEqual(causes.toSorted(), ['answered 302', 'no redirect URI has the host of the address']);
  assert.equal((await visit(world, jar, authorizeUrl({ prompt: 'none' }))).status, 302);
});
