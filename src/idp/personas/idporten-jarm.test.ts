import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JWTVerifyResult } from 'jose';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, CALLBACK, PID, redeem, redirected } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

const HINT = `testid:${PID}_idporten-loa-high`;
const jwks = (await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json()) as Parameters<
  typeof createLocalJWKSet
>[0];

async function open(response: string | null): Promise<JWTVerifyResult> {
  return await jwtVerify(response ?? '', createLocalJWKSet(jwks), {
    issuer: ISSUERS.idporten,
    audience: CLIENTS.portal,
    algorithms: ['RS256'],
    currentDate: new Date(world.clock.now * 1000),
  });
}

test('idporten-03-code: query.jwt puts the whole answer into one signed parameter, good for 120 s (JARM 2.1, 2.3.1)', async () => {
  const answer = await world.fetch(authorizeUrl({ response_mode: 'query.jwt', login_hint: HINT }));
  assert.equal(answer.status, 302);
  assert.ok(answer.headers.get('location')?.startsWith(`${CALLBACK}?response=`));
  const sent = redirected(answer);
  assert.deepEqual([...sent.keys()], ['response']);
  const { payload, protectedHeader } = await open(sent.get('response'));
  assert.deepEqual(Object.keys(payload).toSorted(), ['aud', 'code', 'exp', 'iss', 'state']);
  assert.deepEqual([payload.exp, payload['state']], [world.clock.now + 120, 'st']);
  assert.deepEqual([protectedHeader.alg, protectedHeader.kid?.length], ['RS256', 43]);
  assert.equal((await askToken(world, redeem(String(payload['code'])))).status, 200);
});

test('idporten-03-code: an error is signed like an answer (JARM 2.1)', async () => {
  for (const [change, error] of [
    [{ prompt: 'none' }, 'login_required'],
    [{ scope: 'openid other' }, 'invalid_scope'],
    [{ acr_values: 'idporten-loa-high', login_hint: `testid:${PID}_idporten-loa-substantial` }, 'access_denied'],
  ] as const) {
    const sent = redirected(await world.fetch(authorizeUrl({ response_mode: 'query.jwt', ...change })));
    assert.deepEqual([...sent.keys()], ['response']);
    const { payload } = await open(sent.get('response'));
    assert.deepEqual(Object.keys(payload).toSorted(), ['aud', 'error', 'error_description', 'exp', 'iss', 'state']);
    assert.equal(payload['error'], error);
  }
});

test('idporten-03-code: form_post.jwt posts the one signed parameter (JARM 2.3.3)', async () => {
  const page = await (await world.fetch(authorizeUrl({ response_mode: 'form_post.jwt', login_hint: HINT }))).text();
  const fields = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]+)">/g)];
  assert.deepEqual(
    fields.map(([, name]) => name),
    ['response'],
  );
  assert.ok(page.includes(`action="${CALLBACK}"`));
  assert.ok((await open(fields[0]?.[2] ?? '')).payload['code']);
});

test('idporten-03-code: fragment modes are not offered, signed or not; that is told in the query, unsigned', async () => {
  for (const response_mode of ['fragment', 'fragment.jwt']) {
    const sent = redirected(await world.fetch(authorizeUrl({ response_mode, login_hint: HINT })));
    assert.deepEqual([sent.get('error'), sent.get('iss')], ['invalid_request', ISSUERS.idporten]);
  }
});

test('idporten-03-code: response_mode jwt is the signed query, the default of a code answer (JARM 2.3.4)', async () => {
  const answer = await world.fetch(authorizeUrl({ response_mode: 'jwt', login_hint: HINT }));
  assert.ok(answer.headers.get('location')?.startsWith(`${CALLBACK}?response=`));
  assert.ok((await open(redirected(answer).get('response'))).payload['code']);
});
