import assert from 'node:assert/strict';
import test from 'node:test';
import { anyPrincipal, AuthError, requireUser } from '../index.ts';
import { makeAuth } from '../testing/auth.ts';
import { CLAIMS, makeKeys, mint } from '../testing/fixtures.ts';
import { authenticateOnce } from './attached.ts';

const keys = await makeKeys();

test('the Authorization header is found by its name in any case, however headers are held (5.3)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const authorization = `Bearer ${await mint(CLAIMS.idporten, keys.issuer)}`;
  for (const name of ['authorization', 'Authorization', 'AUTHORIZATION']) {
    for (const request of [
      { headers: { [name]: authorization } },
      { headers: new Headers({ [name]: authorization }) },
      { headers: {}, rawHeaders: ['Host', 'a', name, authorization] },
    ]) {
      assert.equal((await auth.authenticate(request, requireUser('idporten'))).ok, true, name);
    }
    const twice = { headers: { [name]: authorization, authorizatioN: authorization } };
    const outcome = await auth.authenticate(twice, anyPrincipal);
    assert.equal(!outcome.ok && outcome.error.code, 'request_malformed', name);
  }
});

test('what one auth accepted another judges for itself; the same one does not verify it again (5.2)', async (t) => {
  const { auth, events } = makeAuth(t, keys);
  const { auth: strict } = makeAuth(t, keys, { maxLifetimeSeconds: 60 });
  const request = { headers: { authorization: `Bearer ${await mint(CLAIMS.idporten, keys.issuer)}` } };
  const carrier = {};
  for (let nested = 0; nested < 2; nested += 1) {
    assert.equal((await authenticateOnce(carrier, request, { auth, guard: anyPrincipal })).ok, true);
  }
  assert.equal(events.filter(({ event }) => event === 'token.accepted').length, 1);
  const outcome = await authenticateOnce(carrier, request, { auth: strict, guard: anyPrincipal });
  assert.equal(!outcome.ok && outcome.error.code, 'lifetime_exceeded');
});

test('an explanation takes 500 characters of a challenge at the most (5.3)', () => {
  const error = new AuthError('claim_invalid', { explanation: 'x'.repeat(501) });
  assert.equal(error.challenge(), `Bearer error="invalid_token", error_description="${'x'.repeat(500)}"`);
});
