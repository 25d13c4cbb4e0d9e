import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { App } from '../../registry/model.ts';
import { situations } from '../errors.ts';
import type { Situation } from '../errors.ts';
import { OUTAGES, assertRefusal } from '../testing/outages.ts';
import {
  createTestKeys,
  createWorld,
  defaultData,
  FORM,
  START,
  testApp,
  testClient,
  testGrant,
} from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const base = defaultData(keys);
const apps = [
  testApp('off', { state: 'disabled' }),
  testApp('strict'),
  testApp('sessions'),
  testApp('plain'),
  testApp('wild'),
  testApp('picky'),
];
const jwks = [publicJwk(keys.client)];
const world = await createWorld({
  keys,
  data: {
    apps: [
      ...base.apps.filter(({ id }) => id !== 'dev:fleet:api'),
      withIngress('api', 'https://api.example.test'),
      ...apps,
    ],
    clients: [
      ...base.clients,
      testClient('off', jwks),
      testClient('strict', jwks, { typ: 'at+jwt' }),
      testClient('sessions', jwks, { maxSession: 3600 }),
      testClient('wild', jwks),
      testClient('picky', jwks),
    ],
    grants: [
      ...base.grants.filter((grant) => grant.consumer.name !== 'web'),
      testGrant('web', 'api', ['les']),
      testGrant('store', 'api', ['skriv']),
      testGrant('web', 'strict'),
      testGrant('web', 'sessions'),
      testGrant('*', 'wild'),
      testGrant('web', 'picky'),
    ],
  },
});
after(() => world.close());

function withIngress(name: string, ingress: string): App {
  const app = testApp(name);
  return { ...app, spec: { ...app.spec, ingresses: [ingress] } };
}

/** One JWT of about this many characters. */
const long = (length: number): Promise<string> => world.subject({ claims: { filler: 'x'.repeat(length) } });
const issued = async (): Promise<string> => String((await world.exchange()).body['access_token']);

const post = (body: string | Buffer, headers: object = {}): Promise<Answer> =>
  world.send('POST', '/token', { body, headers: { ...FORM, ...headers } });
const asked = async (claims: object, header: object = {}): Promise<Answer> =>
  world.exchange({ client_assertion: await world.assertion({ claims: { ...claims }, header: { ...header } }) });
const given = async (claims: object, header: object = {}): Promise<Answer> =>
  world.exchange({ subject_token: await world.subject({ claims: { ...claims }, header: { ...header } }) });
const actors = (depth: number): object => (depth === 0 ? {} : { act: { sub: `a${depth}`, ...actors(depth - 1) } });

interface Row {
  readonly status: number;
  readonly error: string;
  readonly send: () => Promise<Answer>;
  /** Whether the assertion is spent by then: step 9 came first. */
  readonly spent?: boolean;
}
const request = (send: Row['send'], status = 400): Row => ({ status, error: 'invalid_request', send });
const client = (send: Row['send']): Row => ({ status: 401, error: 'invalid_client', send });
const target = (send: Row['send']): Row => ({ status: 400, error: 'invalid_target', send, spent: true });
const subject = (send: Row['send']): Row => ({ status: 400, error: 'invalid_request', send, spent: true });
const scope = (send: Row['send']): Row => ({ status: 400, error: 'invalid_scope', send, spent: true });

const table: Partial<Record<Situation, Row>> = {
  'content-type': request(() => post('{}', { 'Content-Type': 'application/json' })),
  'content-encoding': request(() => post('', { 'Content-Encoding': 'gzip' }), 415),
  'too-large': request(() => post(`a=${'x'.repeat(64 * 1024)}`), 413),
  'too-many-parameters': request(() => post(Array.from({ length: 33 }, (_each, index) => `p${index}=1`).join('&'))),
  'duplicate-parameter': request(async () => post(`${await world.form()}&scope=a&scope=b`)),
  'query-parameter': request(async () =>
    world.send('POST', '/token?audience=x', { body: await world.form(), headers: FORM }),
  ),
  'parameter-missing': request(() => world.exchange({ grant_type: undefined })),
  'unsupported-parameter': request(() => world.exchange({ authorization_details: '[]' })),
  'requested-token-type': subject(() => world.exchange({ requested_token_type: TOKEN_TYPE.refreshToken })),
  'grant-type': {
    status: 400,
    error: 'unsupported_grant_type',
    send: () => world.exchange({ grant_type: GRANT.refreshToken }),
  },
  'grant-not-allowed': {
    status: 400,
    error: 'unauthorized_client',
    send: () => world.exchange({ grant_type: GRANT.clientCredentials }),
    spent: true,
  },
  'client-auth-multiple': request(() => world.exchange({ client_secret: 'x' })),
  'client-auth-missing': client(() =>
    world.exchange({ client_assertion: undefined, client_assertion_type: undefined }),
  ),
  'client-assertion-type': client(() => world.exchange({ client_assertion_type: 'urn:x' })),
  'client-assertion-malformed': client(() => world.exchange({ client_assertion: 'a.b' })),
  'client-typ': client(() => asked({}, { typ: 'dpop+jwt' })),
  'client-aud': client(() => asked({ aud: 'https://other.example.test' })),
  'client-time': client(() => asked({ exp: START - 11 })),
  'client-lifetime': client(() => asked({ exp: START + 131 })),
  'client-jti': client(() => asked({ jti: '' })),
  'client-replay': {
    ...client(async () => {
      const client_assertion = await world.assertion();
      await world.exchange({ client_assertion });
      return world.exchange({ client_assertion });
    }),
    spent: true,
  },
  'client-id-mismatch': client(() => world.exchange({ client_id: 'dev:fleet:api' })),
  'client-auth-failed': client(() => asked({ iss: 'dev:fleet:nobody', sub: 'dev:fleet:nobody' })),
  'target-multiple': { ...target(async () => post(`${await world.form()}&audience=dev:fleet:store`)), spent: false },
  'resource-invalid': target(() => world.exchange({ audience: undefined, resource: '/api' })),
  'target-mismatch': target(() =>
    world.exchange({ audience: 'dev:fleet:store', resource: 'https://api.example.test/v1' }),
  ),
  'target-unknown': target(() => world.exchange({ audience: 'dev:fleet:nothing' })),
  'target-disabled': target(() => world.exchange({ audience: 'dev:fleet:off' })),
  'target-provider-off': target(() => world.exchange({ audience: 'dev:fleet:plain' })),
  'no-rule': target(() => world.exchange({ audience: 'dev:fleet:lonely' })),
  'wildcard-network-only': target(() => world.exchange({ audience: 'dev:fleet:wild' })),
  'scope-unknown': scope(() => world.exchange({ scope: 'slett' })),
  'scope-empty': scope(() => world.exchange({ scope: 'skriv' })),
  'subject-type': subject(() => world.exchange({ subject_token_type: TOKEN_TYPE.refreshToken })),
  'subject-malformed': subject(() => world.exchange({ subject_token: 'not.a.token' })),
  'subject-issuer': subject(() => given({ iss: 'https://idp.example.test/' })),
  'subject-typ': subject(() => given({}, { typ: 'logout+jwt' })),
  'subject-signature': subject(async () =>
    world.exchange({ subject_token: await world.subject({ key: { ...keys.stranger, kid: 'idp-1' } }) }),
  ),
  'subject-expired': subject(() => given({ exp: START })),
  'subject-time': subject(() => given({ iat: START + 11 })),
  'subject-kind': subject(() => given({ nonce: 'n' })),
  'subject-binding': subject(() => given({ client_id: 'another-login' })),
  'subject-not-for-caller': subject(async () => world.exchange({ subject_token: await issued() })),
  'subject-bound': subject(() => given({ cnf: { jkt: 'x' } })),
  'subject-sub-missing': subject(async () =>
    world.exchange({
      subject_token: await world.subject({ claims: { sub: undefined } }),
      audience: 'dev:fleet:strict',
    }),
  ),
  'auth-time-missing': subject(() => world.exchange({ audience: 'dev:fleet:sessions' })),
  'token-too-large': subject(async () => world.exchange({ subject_token: await long(9500) })),
  'act-depth': subject(() => given(actors(5))),
  'may-act': subject(() => given({ may_act: { sub: 'dev:fleet:api' } })),
  'actor-type': subject(async () => world.exchange({ actor_token: 'x', actor_token_type: TOKEN_TYPE.idToken })),
  'actor-invalid': subject(async () => world.exchange({ actor_token: 'x', actor_token_type: TOKEN_TYPE.jwt })),
  'actor-not-caller': subject(async () =>
    world.exchange({ actor_token: await issued(), actor_token_type: TOKEN_TYPE.jwt }),
  ),
};

for (const [situation, row] of Object.entries(table)) {
  test(`X01: refuses ${situation} with ${row.status} ${row.error}, on record, and spends no assertion before step 9`, async () => {
    const [spentBefore, recordsBefore] = [world.remembered.length, world.events.length];
    const answer = await row.send();
    assertRefusal(answer, { situation, ...row });
    if (row.spent !== true) assert.equal(world.remembered.length, spentBefore);
    const told = world.events
      .slice(recordsBefore)
      .filter(
        (event) => (event.event === 'exchange' || event.event === 'exchange.turned_away') && event.reason === situation,
      );
    assert.equal(told.length, 1);
  });
}

/** What only the endpoints of operators answer; their own tests hold them to it. */
const ADMINISTRATION: ReadonlySet<Situation> = new Set([
  'body-malformed',
  'key-unknown',
  'deny-list-full',
  'registry-unavailable',
]);

for (const [situation, check] of Object.entries(OUTAGES)) {
  test(`X01: answers ${situation} as its row says`, () => check(keys));
}

/** Told by `errors: tokendings` alone: see compat-errors.test.ts. */
const LEGACY_ALONE: ReadonlySet<Situation> = new Set(['client-unknown', 'client-sub-missing']);

test('X01: the tables above have a row for every situation there is', () => {
  assert.deepEqual(
    [...Object.keys(table), ...Object.keys(OUTAGES)].toSorted(),
    situations.filter((situation) => !ADMINISTRATION.has(situation) && !LEGACY_ALONE.has(situation)).toSorted(),
  );
});
