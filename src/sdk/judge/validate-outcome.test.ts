import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLAIMS, makeKeys, mint } from '../testing/fixtures.ts';
import { anyPrincipal } from '../index.ts';
import { KINDS, makeAuth } from '../testing/auth.ts';

const keys = await makeKeys();

function fail(): never {
  throw new Error('bug in the application');
}

test('a principal says who, by whom and with what, is frozen, and hides its token', async (t) => {
  const { auth } = makeAuth(t, keys);
  const facts: unknown[] = [];
  for (const kind of KINDS) {
    const token = await mint(CLAIMS[kind], keys.issuer);
    const principal = await auth.validateOrThrow(token);
    const { provider, id, caller, callerInPolicy, scopes } = principal;
    facts.push([provider, principal.kind, id, caller, callerInPolicy, scopes.length]);
    assert.ok(Object.isFrozen(principal) && Object.isFrozen(principal.claims) && Object.isFrozen(principal.scopes));
    assert.equal(principal.token.reveal(), token);
    assert.ok(!inspect(principal).includes(token) && !JSON.stringify(principal).includes(token));
    assert.throws(() => Reflect.apply(String, undefined, [principal.token]), TypeError);
  }
  assert.deepEqual(facts, [
    ['entra_id', 'user', 'oid-1', 'local:fleet:case-desk', true, 1],
    ['entra_id', 'machine', 'oid-1', 'local:fleet:case-desk', true, 0],
    ['tokenx', 'user', 's', 'local:fleet:portal', true, 0],
    ['tokenx', 'machine', 's', 'local:fleet:portal', true, 0],
    ['idporten', 'user', 's', 'c', undefined, 2],
    ['maskinporten', 'machine', '310000019', 'c', undefined, 1],
    ['oidc:mine', 'unknown', 's', undefined, undefined, 2],
  ]);
});

test('validate narrows who may have issued the token, and an unknown issuer causes no traffic (2.4)', async (t) => {
  const { auth, net } = makeAuth(t, keys);
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  const refused = await auth.validate(token, { providers: ['entra_id'] });
  assert.equal(!refused.ok && refused.error.code, 'issuer_unknown');
  assert.equal(net.calls, 0);
  assert.ok((await auth.validate(token, { providers: ['tokenx'] })).ok);
  assert.equal(net.calls, 1);
});

test('L10 stale-keys: keys serve 23 hours through an outage and not 25; then it is 503 with Retry-After and no challenge', async (t) => {
  const { auth, clock, net } = makeAuth(t, keys);
  const fresh = (): Promise<string> => mint({ ...CLAIMS.oidc, iat: clock.now, exp: clock.now + 60 }, keys.issuer);
  assert.ok((await auth.validate(await fresh())).ok);
  net.down = true;
  clock.now += 23 * 3600;
  assert.ok((await auth.validate(await fresh())).ok);
  clock.now += 2 * 3600;
  const outcome = await auth.validate(await fresh());
  assert.ok(!outcome.ok);
  assert.deepEqual(
    [outcome.error.code, outcome.error.status, outcome.error.challenge(), typeof outcome.error.retryAfterSeconds],
    ['keys_unavailable', 503, undefined, 'number'],
  );
});

test('ready tells per provider whether its keys are there, and never rejects', async (t) => {
  const { auth, net } = makeAuth(t, keys);
  net.down = true;
  const before = await auth.ready();
  assert.ok(before.length === 5 && before.every(({ ok, reason }) => !ok && reason !== undefined));
});

test('events tell what was accepted and refused, and never hold a token', async (t) => {
  const { auth, events } = makeAuth(t, keys, { explain: false });
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  await auth.validate(token);
  const refused = await auth.validate(`${token}x`);
  assert.ok(!refused.ok && refused.error.explanation === undefined);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['keys.fetched', 'token.accepted', 'token.refused'],
  );
  assert.doesNotMatch(JSON.stringify(events), /eyJ|01819090285/);
});

test('a listener that throws changes no verdict', async (t) => {
  const { auth } = makeAuth(t, keys, { onEvent: fail });
  assert.ok((await auth.validate(await mint(CLAIMS.oidc, keys.issuer))).ok);
});

test('validateSync judges with keys in memory, and without them asks for them and refuses (5)', async (t) => {
  const { auth, clock, net } = makeAuth(t, keys);
  const good = await mint(CLAIMS.idporten, keys.issuer);
  const codeNow = (token: string): unknown => {
    const outcome = auth.validateSync(token);
    return outcome.ok ? 'accepted' : outcome.error.code;
  };
  assert.equal(codeNow(good), 'keys_unavailable');
  await auth.ready();
  assert.equal(codeNow(good), 'accepted');
  assert.equal(codeNow(await mint(CLAIMS.idporten, keys.stranger)), 'signature_invalid');
  assert.equal(codeNow('x'), 'token_malformed');
  // An old set still answers, and is renewed behind the answer.
  clock.now += 990;
  const fetches = net.calls;
  assert.equal(
    codeNow(await mint({ ...CLAIMS.idporten, iat: clock.now, exp: clock.now + 60 }, keys.issuer)),
    'accepted',
  );
  assert.equal(net.calls, fetches + 1);
});

test('several Authorization members of one request are refused, however they are spelled (5.3)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const good = `Bearer ${await mint(CLAIMS.idporten, keys.issuer)}`;
  const codeFor = async (headers: Record<string, string | string[] | undefined>): Promise<string> => {
    const outcome = await auth.authenticate({ headers }, anyPrincipal);
    return outcome.ok ? 'accepted' : outcome.error.code;
  };
  assert.equal(await codeFor({ AUTHORIZATION: good }), 'accepted');
  assert.equal(await codeFor({ authorization: [good] }), 'accepted');
  assert.equal(await codeFor({ Authorization: 'Bearer other', authorization: good }), 'request_malformed');
  assert.equal(await codeFor({ authorization: undefined }), 'token_missing');
});

test('L10 stale-keys: keys.stale tells of a set that serves on, not of one that never came (5.4)', async (t) => {
  const { auth, clock, net, events } = makeAuth(t, keys);
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  const told = (): readonly string[] => events.splice(0).map(({ event }) => event);
  net.down = true;
  assert.equal((await auth.validate(token)).ok, false);
  assert.deepEqual(told(), ['token.refused']);
  net.down = false;
  clock.now += 60;
  assert.equal(
    (await auth.ready()).every(({ ok }) => ok),
    true,
  );
  told();
  net.down = true;
  clock.now += 900;
  assert.equal(
    (await auth.ready()).every(({ ok }) => ok),
    true,
  );
  const deadline = Date.now() + 20_000;
  while (!events.some(({ event }) => event === 'keys.stale') && Date.now() < deadline) await turn();
  assert.ok(told().includes('keys.stale'));
});

test('what anybody can write into an unsigned token fills no log and begins no line of one', async (t) => {
  const { auth, events } = makeAuth(t, keys);
  for (const iss of ['x'.repeat(10_000), 'https://a.example\n2027-01-01 accepted: admin', '\u001b[2J\u2028']) {
    const refused = await auth.validate(await mint({ ...CLAIMS['tokenx-user'], iss }, keys.stranger));
    assert.ok(!refused.ok && refused.error.code === 'issuer_unknown');
    for (const text of [refused.error.message, JSON.stringify(events.at(-1))]) {
      assert.ok(text.length < 600, text);
      assert.ok(
        !text.includes('\n') && !text.includes('\\n') && !text.includes('\u001b') && !text.includes('\u2028'),
        text,
      );
    }
  }
});
