import { APP } from '../../src/idp/testing/openid.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { CALLBACK, DESK_CALLBACK } from '../../src/idp/testing/sign-in.ts';
import { bearer } from './60-idp-templates.ts';
import type { Template } from './60-idp-templates.ts';

const people = { pid: '01819090285', name: { given: 'A', family: 'B' }, locale: 'nb', eid: 'TestID' };
const orders: readonly (readonly [Template['method'], string, unknown?])[] = [
  ['GET', '/v1/status'],
  ['GET', '/v1/people'],
  ['POST', '/v1/people', { ...people, pid: '13828096371' }],
  ['PUT', '/v1/people/01819090285', people],
  ['DELETE', '/v1/people/13828096371'],
  ['PUT', '/v1/clock', { offset: 10 }],
  ['PUT', '/v1/clock?persona=entra', { frozen: '2027-01-01T00:00:00Z' }],
  ['GET', '/v1/faults'],
  ['POST', '/v1/faults', { persona: 'idporten', client: 'x', endpoint: 'token', fault: 'skew:600', times: 1 }],
  ['DELETE', '/v1/faults/x'],
  ['GET', '/v1/issued'],
  ['GET', '/v1/requests?persona=entra&endpoint=token'],
  ['GET', '/v1/maskinporten/authorizations'],
  [
    'POST',
    '/v1/maskinporten/authorizations',
    { type: 'delegation', scope: 'demo:feed/read', consumer: '310000019', supplier: '310000027' },
  ],
  ['DELETE', '/v1/idporten/sessions/x?notify=1'],
];

function orderAt(persona: string): readonly (readonly [Template['method'], string, unknown?])[] {
  return [
    ['GET', `/v1/${persona}/clients`],
    ['POST', `/v1/${persona}/clients`, REGISTRATIONS[persona]],
    ['PUT', `/v1/${persona}/clients/added-id`, REGISTRATIONS[persona]],
    ['GET', `/v1/${persona}/keys`],
    ['POST', `/v1/${persona}/keys`, { action: 'rotate', alg: 'ES256', kid: 'x' }],
    ['POST', `/v1/${persona}/mint`, { kind: 'access', claims: { a: 1 }, header: { typ: 'x' }, fault: 'alg-none' }],
    ['GET', `/v1/${persona}/sessions`],
  ];
}

const REGISTRATIONS: Readonly<Record<string, unknown>> = {
  idporten: {
    client_id: 'added-id',
    client_name: 'local:demo:added',
    token_endpoint_auth_method: 'client_secret_post',
    client_secret: 'x',
    redirect_uris: [CALLBACK],
    frontchannel_logout_uri: 'http://127.0.0.1:9/out',
    backchannel_logout_uri: 'http://127.0.0.1:9/out',
    scopes: ['openid', 'profile'],
    access_token_lifetime: 120,
    refresh_token_lifetime: 600,
    refresh_token_usage: 'REUSE',
    onbehalfof: ['x'],
  },
  entra: {
    appId: '00000000-0000-4000-8000-0000000000aa',
    displayName: 'local:demo:extra',
    redirectUris: [DESK_CALLBACK],
    passwordCredentials: [{ secretText: 'x', endDateTime: '2030-01-01T00:00:00Z' }],
    preAuthorizedApplications: [{ appId: CLIENTS.desk, roles: ['a'], scopes: ['b'] }],
    spa: true,
  },
  maskinporten: { client_id: 'added-id', client_name: 'x', scopes: ['demo:feed/read'], client_orgno: '310000019' },
  openid: { client_id: 'added-id', client_secret: 'x', redirect_uris: [APP], scope: 'openid', default_max_age: 1 },
};

/** Every resource of the control API. */
export const ORDERS: readonly Template[] = [...orders, ...Object.keys(REGISTRATIONS).flatMap(orderAt)].map(
  ([method, path, json]) => ({
    at: 'Control API',
    method,
    path,
    headers: bearer('{{control}}'),
    ...(json === undefined ? {} : { json }),
  }),
);
