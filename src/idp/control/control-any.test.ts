import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { CLIENT_KINDS } from './client-kinds.ts';
import { parseClients } from '../clients/file.ts';
import { PERSONA_NAMES } from '../persona-names.ts';
import type { PersonaName } from '../persona-names.ts';
import { overlay } from '../clients/overlay.ts';
import { FAULT_NAMES, parseFault } from '../faults.ts';
import { parsePeople } from '../people/people.ts';
import { openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { guid } from '../testing/rows.ts';
import { CALLBACK, PID } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten', 'maskinporten'] });
after(() => world.close());
const control = await openControlOf(world);
const { publicJwk } = await foreignKey('any-key');

const jwks = { keys: [publicJwk] };
const word = fc.stringMatching(/^[a-z:._-]{1,20}$/);
const uri = fc.constantFrom(CALLBACK, 'https://a.example.test/', 'com.example.app:/callback');
const web = fc.constantFrom('https://a.example.test/out', 'http://localhost:1/?a=b');
const seconds = fc.integer({ min: 1, max: 100_000 });
const orgno = fc.stringMatching(/^[0-9]{9}$/);

/** Any of these members, or none. */
function some(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  return fc.record(members, { requiredKeys: [] });
}

const scope = fc.oneof(
  word,
  fc
    .tuple(
      word,
      some({
        access: fc.boolean(),
        active: fc.boolean(),
        at_max_age: seconds,
        accessible_for_all: fc.boolean(),
        allowed_integration_types: fc.array(word),
        delegation_source: word,
        requires_user_authentication: fc.boolean(),
        requires_pseudonymous_tokens: fc.boolean(),
        token_type: fc.constantFrom('SELF_CONTAINED', 'OPAQUE'),
      }),
    )
    .map(([name, more]) => ({ name, ...more })),
);
const scopes = fc.uniqueArray(scope, {
  minLength: 1,
  maxLength: 4,
  selector: (each) => (typeof each === 'string' ? each : each.name),
});
const logout = {
  frontchannel_logout_uri: web,
  frontchannel_logout_session_required: fc.boolean(),
  backchannel_logout_uri: web,
  backchannel_logout_session_required: fc.boolean(),
};
const GOOD: Readonly<Partial<Record<PersonaName, fc.Arbitrary<object>>>> = {
  idporten: some({
    ...logout,
    client_name: word,
    client_orgno: orgno,
    supplier_orgno: orgno,
    token_endpoint_auth_method: fc.constantFrom('none', 'client_secret_basic', 'private_key_jwt'),
    code_challenge_method: fc.constantFrom('S256', 'none'),
    redirect_uris: fc.array(uri),
    post_logout_redirect_uris: fc.array(uri),
    scopes,
    access_token_lifetime: seconds,
    refresh_token_usage: fc.constantFrom('ONETIME', 'REUSE'),
    sso_disabled: fc.boolean(),
    onbehalfof: fc.array(word),
    active: fc.boolean(),
  }).map((each) => ({ ...each, client_id: 'any', jwks })),
  maskinporten: some({ client_orgno: orgno, access_token_lifetime: seconds, active: fc.boolean() }).chain((each) =>
    scopes.map((list) => ({ ...each, client_id: 'any', jwks, scopes: list })),
  ),
  entra: some({
    displayName: word,
    tenant: word,
    signInAudience: fc.constantFrom('AzureADMyOrg', 'AzureADMultipleOrgs'),
    identifierUris: fc.array(word),
    redirectUris: fc.uniqueArray(uri),
    spa: fc.boolean(),
    logoutUrl: web,
    passwordCredentials: fc.array(some({ secretText: word, endDateTime: fc.constant('2030-01-02T03:04:05.000Z') }), {
      maxLength: 3,
    }),
    jwks: fc.constant(jwks),
    groups: fc.array(fc.constantFrom(guid(0xe1), guid(0xe2))),
    allowAllUsers: fc.boolean(),
    preAuthorizedApplications: fc.array(
      fc.record({ appId: word, roles: fc.array(word), scopes: fc.array(word) }, { requiredKeys: ['appId'] }),
    ),
    federatedIdentityCredentials: fc.array(fc.record({ issuer: word, subject: word, jwks: fc.constant(jwks) }), {
      maxLength: 2,
    }),
  }).map((each) => ({ ...each, appId: guid(0x99) })),
  openid: some({
    ...logout,
    client_name: word,
    token_endpoint_auth_method: fc.constantFrom('none', 'client_secret_post', 'private_key_jwt'),
    post_logout_redirect_uris: fc.array(uri),
    scope: fc.array(word, { minLength: 1 }).map((all) => all.join(' ')),
    id_token_signed_response_alg: fc.constantFrom('RS256', 'ES256'),
    access_token_format: fc.constantFrom('jwt', 'opaque'),
    default_max_age: fc.nat(1000),
  }).map((each) => ({ ...each, client_id: 'any', jwks, redirect_uris: [CALLBACK] })),
};

test('control: a client that was read can be shown and read again, and is the same, whatever the persona', () => {
  const base = world.deps.registry.snapshot();
  for (const [persona, good] of Object.entries(GOOD)) {
    const name = PERSONA_NAMES.find((each) => each === persona) ?? 'openid';
    const { read, show } = CLIENT_KINDS[name];
    fc.assert(
      fc.property(good, (value) => {
        const first = read(value, { persona, source: 'api' });
        assert.ok(first.ok, JSON.stringify(first));
        const shown = show(first.client, overlay(base, [first.client]));
        assert.ok(!JSON.stringify(shown).includes('secretText') && !('client_secret' in shown));
        // As it leaves the process.
        const sent: unknown = JSON.parse(JSON.stringify(shown));
        const second = read(sent, { persona, source: 'api', before: first.client });
        assert.ok(second.ok, JSON.stringify(second));
        assert.deepEqual(second.once, {});
        assert.deepEqual(show(second.client, overlay(base, [second.client])), shown);
        assert.deepEqual(second.client.row?.registration, first.client.row?.registration);
        assert.deepEqual(second.client.openid, first.client.openid);
        assert.deepEqual(second.client.row?.state, first.client.row?.state);
      }),
      { numRuns: 60 },
    );
  }
});

test('control: any value is a client or has problems with a path, whatever the persona', () => {
  for (const persona of PERSONA_NAMES) {
    const { read } = CLIENT_KINDS[persona];
    const good = GOOD[persona] ?? fc.constant({});
    const spoilt = fc.tuple(good, word, fc.anything()).map(([value, member, other]) => ({ ...value, [member]: other }));
    const names = ['jwks', 'scopes', 'spa', 'onbehalfof', 'redirect_uris', 'passwordCredentials', 'certificates'];
    const likely = fc.record(Object.fromEntries(names.map((name) => [name, fc.anything()])), { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), spoilt, likely), (value) => {
        const result = read(value, { persona, source: 'api' });
        if (!result.ok)
          assert.ok(result.problems.length > 0 && result.problems.every(({ path }) => path !== undefined));
      }),
      { numRuns: 60 },
    );
  }
});

test('control: no text makes the readers of clients, people and faults throw', () => {
  const yaml = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(yaml, fc.constantFrom(...PERSONA_NAMES), (text, persona) => {
      parseClients(text, 'clients.yaml');
      parseClients(`${persona}:\n  - ${text.replaceAll('\n', ' ')}\n`, 'clients.yaml');
      parsePeople(text);
      parsePeople(`- ${text.replaceAll('\n', ' ')}`);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...FAULT_NAMES)), fc.string(), (name, value) => {
      for (const text of [name, `${name}:${value}`]) {
        const read = parseFault(text);
        if (read !== undefined)
          assert.equal(read.value === undefined ? read.fault : `${read.fault}:${read.value}`, text);
      }
    }),
  );
});

const RESOURCES = [
  ['POST', '/v1/people'],
  ['PUT', `/v1/people/${PID}`],
  ['POST', '/v1/idporten/clients'],
  ['POST', '/v1/maskinporten/clients'],
  ['POST', '/v1/idporten/keys'],
  ['PUT', '/v1/clock'],
  ['POST', '/v1/faults'],
  ['POST', '/v1/idporten/mint'],
  ['POST', '/v1/maskinporten/authorizations'],
  ['POST', '/v1/reset'],
] as const;

test('control: no JSON makes any resource fail: it is done, or refused with words and a path', async () => {
  const names = [
    'pid',
    'name',
    'client_id',
    'scopes',
    'action',
    'offset',
    'frozen',
    'persona',
    'claims',
    'header',
    'type',
  ];
  const likely = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }));
  const body = fc.oneof(fc.jsonValue({ maxDepth: 4 }), likely);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...RESOURCES), body, async ([method, path], value) => {
      const answer = await control(method, path, value);
      assert.ok([200, 201, 400, 404, 409, 422].includes(answer.status), `${answer.status}`);
      if (answer.status < 400) return;
      assert.equal(typeof answer.body['error'], 'string');
      assert.ok(String(answer.body['message']).length > 0);
      if (answer.status === 422) assert.equal(typeof answer.body['path'], 'string');
    }),
    { numRuns: 120 },
  );
  assert.deepEqual(
    world.events.filter(({ event }) => event === 'idp.failed'),
    [],
  );
});
