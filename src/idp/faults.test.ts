import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { assert as check, constantFrom, integer, oneof, property, string } from 'fast-check';
import { createFaults, FAULT_NAMES, parseFault } from './faults.ts';
import type { FaultOrder } from './faults.ts';
import { CLIENTS } from './testing/rows.ts';
import {
  askEntra,
  askToken,
  authorizeUrl,
  claimsOf,
  codeAt,
  employeeTokens,
  PID,
  redeem,
  redirected,
} from './testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from './testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'entra', 'maskinporten'] });
after(() => world.close());
afterEach(() => world.idp.faults.clear());

const METADATA = `${ISSUERS.idporten}/.well-known/openid-configuration`;
const HINT = `testid:${PID}_idporten-loa-high`;

function add(order: Partial<FaultOrder> & Pick<FaultOrder, 'fault'>): string {
  return world.idp.faults.add({ persona: 'idporten', times: 1, ...order }).id;
}

function hits(): readonly number[] {
  return world.idp.faults.list().map((rule) => rule.hits);
}

async function statusAt(client: string): Promise<number> {
  return (await askToken(world, redeem('x'), client)).status;
}

async function askFeed(): Promise<Response> {
  const claims = { scope: 'demo:feed/read', sub: undefined };
  const assertion = await world.assertion(CLIENTS.feed, ISSUERS.maskinporten, claims);
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  return await world.fetch(`${ISSUERS.maskinporten}token`, form({ grant_type: grant, assertion }));
}

const application = {
  grant_type: 'client_credentials',
  client_id: CLIENTS.desk,
  client_secret: 's3cret',
  scope: `api://${CLIENTS.api}/.default`,
};

test('faults: a rule acts for its client only', async () => {
  add({ fault: 'token-5xx', value: '502', client: CLIENTS.reuse });
  assert.equal(await statusAt(CLIENTS.portal), 400);
  assert.equal(await statusAt(CLIENTS.reuse), 502);
  assert.equal(await statusAt(CLIENTS.reuse), 400);
});

test('faults: the client of a rule is known by Basic header and by assertion alone too', async () => {
  add({ fault: 'token-5xx', client: CLIENTS.basic });
  const authorization = `Basic ${Buffer.from(`${CLIENTS.basic}:s3cret`).toString('base64')}`;
  const basic = await world.fetch(`${ISSUERS.idporten}/token`, form(redeem('x'), { authorization }));
  assert.equal(basic.status, 503);
  add({ persona: 'maskinporten', fault: 'token-5xx', client: CLIENTS.feed });
  assert.deepEqual([(await askFeed()).status, (await askFeed()).status], [503, 200]);
});

test('faults: a rule acts at its endpoint only, and without one at any', async () => {
  add({ fault: 'html-500', endpoint: 'jwks' });
  assert.equal((await world.fetch(METADATA)).status, 200);
  const failed = await world.fetch(`${ISSUERS.idporten}/jwks.json`);
  assert.deepEqual([failed.status, failed.headers.get('content-type')], [500, 'text/html; charset=utf-8']);
  assert.match(await failed.text(), /local test service/i);
  assert.equal(failed.headers.get('x-fullmakt-local'), 'idporten');
  assert.equal((await world.fetch(`${ISSUERS.idporten}/jwks.json`)).status, 200);
  add({ fault: 'reset' });
  await assert.rejects(world.fetch(METADATA));
  assert.equal((await world.fetch(METADATA)).status, 200);
});

test('faults: a rule acts as often as it says, 0 is until it is removed, and its hits are counted', async () => {
  add({ fault: 'token-5xx', times: 2 });
  const forever = add({ fault: 'html-500', endpoint: 'metadata', times: 0 });
  const statuses = [];
  for (let n = 0; n < 3; n += 1) statuses.push(await statusAt(CLIENTS.portal), (await world.fetch(METADATA)).status);
  assert.deepEqual(statuses, [503, 500, 503, 500, 400, 500]);
  assert.deepEqual(hits(), [2, 3]);
  assert.ok(world.idp.faults.remove(forever));
  assert.equal((await world.fetch(METADATA)).status, 200);
});

test('faults: of 100 requests at once exactly as many are hit as a rule says', async () => {
  add({ fault: 'html-500', endpoint: 'metadata', times: 37 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => world.fetch(METADATA)));
  assert.equal(answers.filter(({ status }) => status === 500).length, 37);
  assert.deepEqual(hits(), [37]);
});

test('faults: over TLS an answer is cut in its body, and before it', async () => {
  add({ persona: 'entra', fault: 'half-body', endpoint: 'jwks' });
  const jwks = `${ISSUERS.entra}/${TENANT}/discovery/v2.0/keys`;
  await assert.rejects(world.fetch(jwks), /terminated/, 'the answer began');
  add({ persona: 'entra', fault: 'reset', endpoint: 'jwks' });
  await assert.rejects(world.fetch(jwks), /fetch failed/, 'no answer began');
  assert.equal((await world.fetch(jwks)).status, 200);
});

test('faults: an access token of nobody is damaged like an ID token, at Maskinporten and at Entra ID', async () => {
  add({ persona: 'maskinporten', fault: 'skew', value: '60' });
  const { access_token: token } = (await (await askFeed()).json()) as Record<string, unknown>;
  assert.equal(claimsOf(token)['iat'], world.clock.now + 60);
  add({ persona: 'entra', fault: 'bad-aud' });
  const [one, two] = [await askEntra(world, application), await askEntra(world, application)];
  const audiences = [one, two].map(({ body }) => claimsOf(body['access_token'])['aud'] === CLIENTS.api);
  assert.deepEqual(audiences, [false, true]);
});

test('faults: rules act on sign-ins without a page as on any other', async () => {
  add({ fault: 'access_denied' });
  assert.match(await codeAt(world), /^no code: 302 .*error=access_denied/);
  add({ fault: 'no-iss' });
  const answer = redirected(await world.fetch(authorizeUrl({ login_hint: HINT })));
  assert.deepEqual([answer.has('code'), answer.has('iss')], [true, false]);
});

test('faults: the ID token of Entra ID is damaged in place, with its own header', async () => {
  add({ persona: 'entra', fault: 'wrong-nonce' });
  const { body } = await employeeTokens(world, `openid api://${CLIENTS.api}/.default`);
  assert.notEqual(claimsOf(body['id_token'])['nonce'], 'no');
  assert.equal(typeof claimsOf(body['id_token'])['nonce'], 'string');
});

test('faults: a rejected refresh is told in the persona’s own words', async () => {
  const first = await employeeTokens(world, `openid offline_access api://${CLIENTS.api}/.default`);
  add({ persona: 'entra', fault: 'refresh-reject' });
  const { client_id, client_secret } = application;
  const fields = {
    grant_type: 'refresh_token',
    refresh_token: String(first.body['refresh_token']),
    client_id,
    client_secret,
  };
  const refused = await askEntra(world, fields);
  assert.equal(refused.body['error'], 'invalid_grant');
  assert.ok(Array.isArray(refused.body['error_codes']));
  assert.equal((await askEntra(world, fields)).status, 200);
});

test('faults: what acted is told with persona, endpoint and client, and no secret', async () => {
  world.events.length = 0;
  add({ fault: 'token-5xx', value: '504' });
  const { status } = await askToken(world, redeem('secret-code'));
  const [event] = world.events;
  assert.deepEqual(
    [status, event],
    [
      504,
      { event: 'idp.fault', persona: 'idporten', endpoint: 'token', client: CLIENTS.portal, fault: 'token-5xx:504' },
    ],
  );
});

test('faults: the key document stays small however often keys are rotated, and never loses the key that signs', async () => {
  const before = await keyIds();
  add({ persona: 'maskinporten', fault: 'rotated-keys', times: 8 });
  for (let n = 0; n < 8; n += 1) assert.equal((await askFeed()).status, 200);
  const afterwards = await keyIds();
  assert.ok(afterwards.length <= 8 && before.every((kid) => afterwards.includes(kid)), String(afterwards.length));
});

async function keyIds(): Promise<readonly string[]> {
  const { keys } = (await (await world.fetch(`${ISSUERS.maskinporten}jwk`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

test('faults: with none switched on nobody looks for any', async () => {
  const faults = createFaults();
  assert.equal(faults.active, false);
  const { id } = faults.add({ persona: 'idporten', fault: 'reset', times: 1 });
  assert.equal(faults.active, true);
  faults.remove(id);
  assert.equal(faults.active, false);
  faults.noteTicked();
  assert.equal(faults.active, true);
  faults.clear();
  assert.equal(faults.active, false);
});

test('faults: a name with a value it can have is read, anything else is none', () => {
  assert.deepEqual(parseFault('skew:-600'), { fault: 'skew', value: '-600' });
  assert.deepEqual(parseFault('token-5xx'), { fault: 'token-5xx' });
  for (const wrong of [
    '',
    ':',
    'token-5xx:501',
    'slow-token:',
    'skew:x',
    'bad-aud:1',
    'reset:',
    'toString',
    '__proto__:1',
  ])
    assert.equal(parseFault(wrong), undefined, wrong);
  const texts = oneof(
    string(),
    constantFrom(...FAULT_NAMES),
    integer().map((n) => `skew:${n}`),
  );
  check(
    property(texts, (text) => {
      const read = parseFault(text);
      if (read !== undefined) assert.equal(read.value === undefined ? read.fault : `${read.fault}:${read.value}`, text);
    }),
  );
});
