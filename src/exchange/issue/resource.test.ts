import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { publicJwk } from '../../oauth/jwk.ts';
import type { App, Client } from '../../registry/model.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  FORM,
  idportenClient,
  testApp,
  testClient,
  testGrant,
} from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const jwks = [publicJwk(keys.client)];
const INGRESSES: Readonly<Record<string, readonly string[]>> = {
  web: [],
  api: ['https://fleet.example.test/app'],
  deep: ['https://fleet.example.test/app/v1/'],
  off: ['https://off.example.test'],
  bare: ['https://bare.example.test'],
  closed: ['https://closed.example.test'],
};
const NAMES = Object.keys(INGRESSES);
const world = await createWorld({
  keys,
  data: {
    apps: NAMES.map(appOf),
    clients: [...NAMES.filter((name) => name !== 'bare').map(clientOf), idportenClient('web', 'login-client')],
    grants: [testGrant('web', 'api'), testGrant('web', 'deep'), testGrant('web', 'off')],
  },
});
after(() => world.close());

function appOf(name: string): App {
  const app = testApp(name, name === 'off' ? { state: 'disabled' } : {});
  return { ...app, spec: { ...app.spec, ingresses: INGRESSES[name] ?? [] } };
}

function clientOf(name: string): Client {
  const resources = name === 'deep' ? ['urn:example:deep', 'https://Fleet.example.test/app/named'] : [];
  return { ...testClient(name, jwks), registration: { provider: 'tokenx', token: {}, resources } };
}

const of = async (resource: string | undefined, audience?: string): Promise<unknown> => {
  const answer = await world.exchange({ audience, resource });
  return answer.status === 200 ? claimsOf(answer)['aud'] : [reasonOf(answer), answer.body['error']].join(' ');
};
const reasonOf = ({ body }: Answer): unknown => body['fm_reason'];

const MATRIX: readonly (readonly [resource: string, expected: string])[] = [
  ['https://fleet.example.test/app', 'dev:fleet:api'],
  ['https://fleet.example.test/app/', 'dev:fleet:api'],
  ['https://FLEET.example.test:443/app/users/7', 'dev:fleet:api'],
  ['https://fleet.example.test/app2', 'target-unknown invalid_target'],
  ['https://fleet.example.test/App', 'target-unknown invalid_target'],
  ['https://fleet.example.test/', 'target-unknown invalid_target'],
  ['https://fleet.example.test/app/v1/x', 'dev:fleet:deep'],
  ['https://fleet.example.test/app/v10', 'dev:fleet:api'],
  ['https://fleet.example.test/app/named', 'dev:fleet:deep'],
  ['urn:example:deep', 'dev:fleet:deep'],
  ['urn:example:deeper', 'target-unknown invalid_target'],
  ['https://other.example.test/app', 'target-unknown invalid_target'],
  ['https://fleet.example.test:8443/app', 'target-unknown invalid_target'],
  ['http://fleet.example.test/app', 'target-unknown invalid_target'],
  ['https://fleet.example.test/app#x', 'resource-invalid invalid_target'],
  ['https://fleet.example.test/app?x=1', 'resource-invalid invalid_target'],
  ['/app', 'resource-invalid invalid_target'],
  ['fleet.example.test/app', 'resource-invalid invalid_target'],
  ['https://user@fleet.example.test/app', 'resource-invalid invalid_target'],
  ['https://fleet.example.test/x/../app', 'resource-invalid invalid_target'],
  ['https://fleet.example.test/app%2Fv1', 'resource-invalid invalid_target'],
  ['dev:fleet:api', 'target-unknown invalid_target'],
  ['https://off.example.test', 'target-disabled invalid_target'],
  ['https://bare.example.test', 'target-provider-off invalid_target'],
  ['https://closed.example.test', 'no-rule invalid_target'],
];

test('X11, P1: resource alone means the app behind the address, under the rules that hold for its id (RFC 8707 2)', async () => {
  for (const [resource, expected] of MATRIX) assert.equal(await of(resource), expected, resource);
});

test('X11, P1: audience and resource have to mean one app, in whichever way each is wrong', async () => {
  assert.equal(await of('https://fleet.example.test/app', 'dev:fleet:api'), 'dev:fleet:api');
  assert.equal(await of('https://fleet.example.test/app', 'dev:fleet:deep'), 'target-mismatch invalid_target');
  assert.equal(await of('https://fleet.example.test/app', 'dev:fleet:nothing'), 'target-unknown invalid_target');
  assert.equal(await of('https://other.example.test', 'dev:fleet:api'), 'target-unknown invalid_target');
  assert.equal(await of('app', 'dev:fleet:api'), 'resource-invalid invalid_target');
  assert.equal(await of('', 'dev:fleet:api'), 'dev:fleet:api', 'empty is absent');
});

test('X11, N06, R2: two resources are two targets, and the refusal repeats none of them', async () => {
  const body = `${await world.form({ audience: undefined })}&resource=https%3A%2F%2Ffleet.example.test%2Fapp&resource=urn%3Aexample%3Adeep`;
  const answer = await world.send('POST', '/token', { body, headers: FORM });
  assert.deepEqual([reasonOf(answer), answer.body['error']], ['target-multiple', 'invalid_target']);
  assert.doesNotMatch(answer.text, /fleet\.example|urn:/);
  const unknown = await world.exchange({ audience: undefined, resource: 'https://secret.example.test/x' });
  assert.doesNotMatch(unknown.text, /secret/, 'what we do not know is not repeated');
});

test('X11, X03: without audience and resource there is no target', async () => {
  const answer = await world.exchange({ audience: undefined });
  assert.deepEqual([reasonOf(answer), answer.body['error']], ['parameter-missing', 'invalid_request']);
});

test('P1: a decision by resource is on record with the app it meant', async () => {
  await world.exchange({ audience: undefined, resource: 'https://fleet.example.test/app/v1/x' });
  const { target, decision } = world.lastDecision() ?? assert.fail('no record');
  assert.deepEqual([target, decision], ['dev:fleet:deep', 'allow']);
});
