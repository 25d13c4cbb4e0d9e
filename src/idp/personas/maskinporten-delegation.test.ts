import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Consent, SystemUser } from '../clients/authorizations.ts';
import { createCaller } from '../testing/maskinporten.ts';
import { claimsOf, PID } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['maskinporten'] });
after(() => world.close());

const { ask, refusal, sign } = createCaller(world);
const { clients } = world.idp;
const [OWN, CUSTOMER] = ['310000019', '310000035'];
const DELEGATED = 'demo:feed/delegated';

const SYSTEM_USER: SystemUser = {
  type: 'urn:altinn:systemuser',
  systemuser_org: { authority: 'iso6523-actorid-upis', ID: `0192:${CUSTOMER}` },
  externalRef: 'customer 7',
  systemuser_id: ['00000000-0000-4000-8000-000000000071'],
  system_id: `${OWN}_feed`,
};
const CONSENT: Consent = {
  type: 'urn:altinn:consent',
  id: '00000000-0000-4000-8000-000000000072',
  from: `urn:altinn:person:identifier-no:${PID}`,
  to: `urn:altinn:organization:identifier-no:${OWN}`,
  consented: '2027-01-14T12:00:00Z',
  validTo: '2027-02-14T12:00:00Z',
  consentRights: [
    { action: ['read'], resource: [{ type: 'urn:altinn:resource', value: 'income' }], metadata: { year: '2026' } },
  ],
};

const tokenFor = async (claims: Record<string, unknown>): Promise<Record<string, unknown>> => {
  const { status, body } = await ask(await sign(claims));
  assert.equal(status, 200, JSON.stringify(body));
  return claimsOf(body['access_token']);
};
const outcome = async (claims: Record<string, unknown>): Promise<string> => (await refusal(await sign(claims)))[0];
const asked = (detail: object): Record<string, unknown> => ({ authorization_details: [detail] });

beforeEach(() => {
  clients.putDelegations([{ consumer: CUSTOMER, supplier: OWN, scope: DELEGATED }]);
  clients.putAuthorizations([SYSTEM_USER, CONSENT]);
});

test('maskinporten-25-tokens: delegated, the consumer is the organisation that delegated and the supplier the caller', async () => {
  const claims = await tokenFor({ scope: DELEGATED, consumer_org: CUSTOMER });
  const { consumer, supplier } = claims;
  assert.deepEqual(consumer, { authority: 'iso6523-actorid-upis', ID: `0192:${CUSTOMER}` });
  assert.deepEqual(supplier, { authority: 'iso6523-actorid-upis', ID: `0192:${OWN}` });
  assert.ok('delegation_source' in claims);
});

test('maskinporten-25-tokens: delegation_source is the address of Altinn, with its slash', async () => {
  const claims = await tokenFor({ scope: DELEGATED, consumer_org: CUSTOMER });
  assert.equal(claims['delegation_source'], 'https://www.altinn.no/');
});

test('maskinporten-25-tokens: a delegation holds for its own consumer, supplier and scope only, where the scope has a source', async () => {
  const delegation = { consumer: CUSTOMER, supplier: OWN, scope: DELEGATED };
  const request = { scope: DELEGATED, consumer_org: CUSTOMER };
  for (const change of [{ consumer: '310000027' }, { supplier: '310000027' }, { scope: 'demo:feed/kept' }]) {
    clients.putDelegations([{ ...delegation, ...change }]);
    assert.equal(await outcome(request), '403 forbidden MP-251');
  }
  const kept = 'demo:feed/kept';
  clients.putDelegations([delegation, { ...delegation, scope: kept }]);
  assert.equal(await outcome({ scope: kept, consumer_org: CUSTOMER }), '403 forbidden MP-251');
  assert.equal(await outcome({ scope: `${DELEGATED} ${kept}`, consumer_org: CUSTOMER }), '403 forbidden MP-251');
});

test('maskinporten-25-tokens: the organisation that delegated needs access itself', async () => {
  clients.putDelegations([{ consumer: '310000027', supplier: OWN, scope: DELEGATED }]);
  assert.equal(await outcome({ scope: DELEGATED, consumer_org: '310000027' }), '403 forbidden MP-250');
});

test('maskinporten-25-tokens: a system user is found by organisation and reference, and its ids stand in the token (RFC 9396 7)', async () => {
  const { systemuser_id: _, system_id: __, ...detail } = SYSTEM_USER;
  assert.deepEqual((await tokenFor(asked(detail)))['authorization_details'], [SYSTEM_USER]);
  const bad = [
    { ...detail, externalRef: 'customer 8' },
    { type: detail.type, systemuser_org: detail.systemuser_org },
    { ...detail, systemuser_org: { ...detail.systemuser_org, ID: CUSTOMER } },
    { ...detail, systemuser_org: { ...detail.systemuser_org, authority: 'x' } },
    { type: detail.type },
  ];
  for (const each of bad) assert.equal(await outcome(asked(each)), '400 invalid_altinn_customer_configuration MP-303');
});

test('maskinporten-25-tokens: a consent stands in the token with what it is for', async () => {
  const { type, id, from } = CONSENT;
  assert.deepEqual((await tokenFor(asked({ type, id, from })))['authorization_details'], [CONSENT]);
});

test('maskinporten-25-tokens: a consent of another person, to another organisation, or out of date is MP-303', async (t) => {
  const { type, id, from } = CONSENT;
  const other = 'urn:altinn:person:identifier-no:29822099635';
  for (const each of [
    { type, id, from: other },
    { type, id, from: PID },
    { type, from },
    { type, id: 'x', from },
  ]) {
    assert.equal(await outcome(asked(each)), '400 invalid_request MP-303');
  }
  clients.putAuthorizations([{ ...CONSENT, to: `urn:altinn:organization:identifier-no:${CUSTOMER}` }]);
  assert.equal(await outcome(asked({ type, id, from })), '400 invalid_request MP-303');
  clients.putAuthorizations([CONSENT]);
  const { now } = world.clock;
  t.after(() => {
    world.clock.now = now;
  });
  world.clock.now = Date.parse(CONSENT.validTo) / 1000;
  assert.equal(await outcome(asked({ type, id, from })), '400 invalid_request MP-303');
});

test('maskinporten-25-tokens: several details stand in the token in the order asked; an empty list is none', async () => {
  const { type, id, from } = CONSENT;
  const { systemuser_id: _, system_id: __, ...detail } = SYSTEM_USER;
  const both = await tokenFor({ authorization_details: [{ type, id, from }, detail] });
  assert.deepEqual(both['authorization_details'], [CONSENT, SYSTEM_USER]);
  assert.ok(!('authorization_details' in (await tokenFor({ authorization_details: [] }))));
});
