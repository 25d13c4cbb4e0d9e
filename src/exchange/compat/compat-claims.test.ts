import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { compatConfig } from '../testing/compat.ts';
import { claimsOf, createTestKeys, createWorld, IDP, ISSUER, START } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const world = await createWorld({ keys, config: compatConfig() });
after(() => world.close());

const WEB = 'dev:fleet:web';
type Members = Readonly<Record<string, unknown>>;

/** A good request of a client of such a server, with these claims changed. */
async function ask({
  assertion = {},
  subject = {},
  ...form
}: {
  readonly assertion?: Members;
  readonly subject?: Members;
  readonly grant_type?: string;
  readonly scope?: string;
} = {}): Promise<Answer> {
  const claims = { nbf: START, jti: randomUUID(), ...assertion };
  return world.exchange({
    client_assertion: await world.assertion({ claims }),
    subject_token: await world.subject({ claims: subject }),
    ...form,
  });
}

const status = async (assertion: Members): Promise<number> => (await ask({ assertion })).status;

test('C7: by the legacy rule what is left counts, in whole seconds and without leeway; exp - iat does not', async () => {
  assert.equal(await status({ exp: START + 120.9 }), 200);
  assert.equal(await status({ exp: START + 121 }), 401);
  assert.equal(await status({ iat: START - 3600, exp: START + 100 }), 200);
  assert.equal(await status({ exp: START - 59 }), 200);
  assert.equal(await status({ nbf: START + 59, iat: START + 59 }), 200);
  assert.equal(await status({ aud: [ISSUER] }), 200);
  assert.equal(await status({ aud: `${ISSUER}/token` }), 200);
});

test(`X10: all-legacy copies everything but cnf and may_act of ${IDP}, overwrites ours, and ends after the ttl`, async () => {
  const answer = await ask({
    scope: 'echoed',
    subject: {
      roles: ['r'],
      scope: 'openid',
      may_act: { sub: WEB },
      act: { sub: 'someone', iss: 'https://x' },
      exp: START + 100,
      aud: 'theirs',
      jti: 'theirs',
      nbf: START - 5,
    },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body['scope'], 'echoed');
  assert.equal(answer.body['expires_in'], 900);
  const { jti, ...issued } = claimsOf(answer);
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  assert.deepEqual(issued, {
    iss: ISSUER,
    aud: 'dev:fleet:api',
    client_id: WEB,
    sub: 'u-81',
    idp: IDP,
    acr: 'Level4',
    sid: 's-5',
    scope: 'openid',
    roles: ['r'],
    act: { sub: 'someone', iss: 'https://x' },
    iat: START,
    nbf: START,
    exp: START + 900,
  });
});

test('X10: an idp that the subject token names survives all-legacy, and no azp, act or cnf is made', async () => {
  const { idp, azp, act, cnf } = claimsOf(await ask({ subject: { idp: 'https://first' } }));
  assert.deepEqual([idp, azp, act, cnf], ['https://first', undefined, undefined, undefined]);
});

test('D3: only compat names the dead authorization_endpoint, and only where OpenID clients look', async () => {
  const openid = await world.send('GET', '/.well-known/openid-configuration');
  const oauth = await world.send('GET', '/.well-known/oauth-authorization-server');
  assert.equal(openid.body['authorization_endpoint'], `${ISSUER}/authorization`);
  assert.equal(oauth.body['authorization_endpoint'], undefined);
});

test('L6: tokens, errors, questions to a store and requests are counted under the names of a tokendings server', async () => {
  const from = world.events.length;
  await ask();
  await ask({ grant_type: 'x' });
  const told = world.events.slice(from).filter(({ event }) => event.startsWith('exchange.legacy_'));
  const names = told.map((event) => (event.event === 'exchange.legacy_error' ? event.code : event.event.slice(16)));
  assert.deepEqual(
    new Set(names),
    new Set(['issued', 'issued_plain', 'query', 'request', 'access_denied', 'error_plain']),
  );
  const request = told.find((event) => event.event === 'exchange.legacy_request');
  assert.ok(request?.event === 'exchange.legacy_request' && request.route === '/token' && request.status === 200);
});

test('an issuer that is reached by http from elsewhere is warned of at the start, one on this machine is not', async (t) => {
  const own = await createWorld({ keys, config: { ...compatConfig(), issuer: 'http://tokendings' } });
  t.after(() => own.close());
  const warned = (events: typeof world.events): boolean => events.some(({ event }) => event === 'exchange.http_issuer');
  assert.deepEqual([warned(own.events), warned(world.events)], [true, false]);
});

test('skew of one issuer holds for its tokens alone', async (t) => {
  const own = await createWorld({ keys, idp: { skew: 0 } });
  t.after(() => own.close());
  const statusAt = async (iat: number): Promise<number> =>
    (await own.exchange({ subject_token: await own.subject({ claims: { iat } }) })).status;
  assert.deepEqual([await statusAt(START), await statusAt(START + 1)], [200, 400]);
  const ahead = await own.assertion({ claims: { iat: START + 9, exp: START + 60 } });
  assert.equal((await own.exchange({ client_assertion: ahead })).status, 200);
});

test('I03: assertions as other stacks make them pass without compat; one of five minutes lives too long', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  const shapes: readonly (readonly [string, Members, Members])[] = [
    ['no nbf, for the token endpoint', { aud: `${ISSUER}/token` }, {}],
    ['exp alone', { iat: undefined }, {}],
    ['audience in a list', { aud: [ISSUER] }, {}],
    ['no typ', {}, { typ: undefined }],
  ];
  for (const [shape, claims, header] of shapes) {
    const client_assertion = await own.assertion({ claims, header });
    assert.equal((await own.exchange({ client_assertion })).status, 200, shape);
  }
  const long = await own.assertion({ claims: { exp: START + 300 } });
  assert.equal((await own.exchange({ client_assertion: long })).body['fm_reason'], 'client-lifetime');
});
