import { ASSERTION_TYPE, form, ISSUERS, TENANT } from './world.ts';
import type { World } from './world.ts';
import { client, page, redirects, request } from './entra-error-row.ts';
import type { ErrorRow, Expected, Extra } from './entra-error-row.ts';
import { API, requests, TOKEN } from './entra-requests.ts';
import type { Requests } from './entra-requests.ts';
import { grantRows, policyRows } from './entra-grant-errors.ts';
import { CLIENTS, guid } from './rows.ts';

/** Every fault of Entra ID's token and authorization endpoints. */
export function errorTable(world: World, extra: Extra): readonly ErrorRow[] {
  const at = requests(world);
  return [
    ...formRows(world, at, extra),
    ...pageRows(world, at),
    ...clientRows(world, at, extra),
    ...grantRows(world, at),
    ...policyRows(world, at, extra),
  ];
}

function formRows(world: World, at: Requests, { elsewhere }: Extra): readonly ErrorRow[] {
  const { token, machine, visit, redeem } = at;
  const nowhere = TOKEN.replace(TENANT, 'nowhere.test');
  const common = TOKEN.replace(TENANT, 'common');
  const app = { client_id: CLIENTS.desk, client_secret: 's3cret', grant_type: 'client_credentials', scope: API };
  const unknown = guid(0xff);
  return [
    ['900561 another verb', () => world.fetch(TOKEN), request(['GET', 'POST', 'OPTIONS'])],
    ['90002 a tenant of nobody', () => token(app, nowhere), request(['nowhere.test'])],
    ['90002 an application at common', () => token(app, common), request(['common'])],
    ['900144 no grant type', () => token({}), request(['grant_type'])],
    ['900144 no code', () => redeem({}, { code: '' }), request(["'code'"])],
    ['900144 no client', () => token({ grant_type: 'client_credentials' }), request(['client_id'])],
    ['9002313 a parameter twice', () => world.fetch(TOKEN, { ...form({}), body: 'code=1&code=2' }), request()],
    [
      '70003 a grant type of no offer',
      () => machine(API, { grant_type: 'password' }),
      { ...request(['password']), error: 'unsupported_grant_type' },
    ],
    [
      '700016 a client of nobody',
      () => machine(API, { client_id: unknown }),
      { ...request([unknown, TENANT]), error: 'unauthorized_client' },
    ],
    ['700016 a client of nobody at sign-in', () => visit({ client_id: unknown }), page([unknown, TENANT])],
    [
      '700016 a client of another tenant',
      () => machine(API, { client_id: elsewhere }),
      { ...request([elsewhere, TENANT]), error: 'unauthorized_client' },
    ],
    ...redirectRows(at),
  ];
}

function redirectRows({ visit, redeem }: Requests): readonly ErrorRow[] {
  const redirect_uri = 'http://x.test/';
  const names = [redirect_uri, CLIENTS.desk, 'https://aka.ms/redirectUriMismatchError'];
  return [
    ['50011 a redirect URI at sign-in', () => visit({ redirect_uri }), page(names)],
    ['50011 another redirect URI', () => redeem({}, { redirect_uri }), request(names)],
  ];
}

function told(parameter: string): Expected {
  return redirects('invalid_request', [`'${parameter}'`]);
}

function pageRows(world: World, { visit }: Requests): readonly ErrorRow[] {
  const authority = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0`;
  const logout = (query: string) => (): Promise<Response> => world.fetch(`${authority}/logout?${query}`);
  const late = (): Promise<Response> => world.fetch(`${authority}/authorize`, form({ transaction: 'x' }));
  return [
    ['901002 resource', () => visit({ resource: 'x:y' }), redirects('invalid_request', ['resource'])],
    ['50058 nobody signed in', () => visit({ prompt: 'none', login_hint: '' }), redirects('login_required')],
    ['9002313 an unknown response mode', () => visit({ response_mode: 'x' }), told('response_mode')],
    ['9002313 a challenge of no look', () => visit({ code_challenge: 'x' }), told('code_challenge')],
    ['9002313 a request object', () => visit({ request: 'x' }), told('request')],
    ['9002313 a request by reference', () => visit({ request_uri: 'x:y' }), page(["'request_uri'"])],
    ['9002313 a silent request that asks', () => visit({ prompt: 'none login' }), told('prompt')],
    ['9002313 a max_age of no number', () => visit({ max_age: 'x' }), told('max_age')],
    ['9002313 a hint at nobody', () => visit({ login_hint: 'testid:x' }), page(["'login_hint'"])],
    ['9002313 a sign-in that is over', late, page(['over'])],
    ['9002313 a hint that is no ID token', logout('id_token_hint=x'), page(["'id_token_hint'"])],
    [
      '9002313 an unknown return address',
      logout('post_logout_redirect_uri=http://x.test/'),
      page(["'post_logout_redirect_uri'"]),
    ],
  ];
}

function clientRows(world: World, { machine, proven }: Requests, { aging, spare }: Extra): readonly ErrorRow[] {
  const { now } = world.clock;
  const federated = { iss: 'https://cluster.example.test', sub: 'a:b:c' };
  const sent = { client_secret: '', client_assertion_type: ASSERTION_TYPE };
  return [
    ['7000215 a wrong secret', () => machine(API, { client_secret: 'no' }), client([CLIENTS.desk])],
    ['7000222 a secret out of date', () => machine(API, { client_id: aging, client_secret: 'old' }), client([aging])],
    ['7000218 no credential', () => machine(API, { client_secret: '' }), client(['client_assertion', 'client_secret'])],
    ['700027 another key', () => proven({}, {}, spare), client()],
    ['50027 no JWT', () => machine(API, { ...sent, client_assertion: 'x' }), request()],
    ['50048 another subject', () => proven({ sub: CLIENTS.api }), request(["'sub'", "'iss'"])],
    ['90014 no claim exp', () => proven({ exp: undefined }), request(["'exp'"])],
    ['90014 no assertion', () => machine(API, sent), request(["'client_assertion'"])],
    [
      '700024 after its life',
      () => proven({ nbf: now - 900, exp: now - 600 }),
      client([iso(now), iso(now - 900), iso(now - 600)]),
    ],
    [
      '700024 before its life',
      () => proven({ nbf: now + 301, exp: now + 600 }),
      client([iso(now), iso(now + 301), iso(now + 600)]),
    ],
    ['700023 another audience', () => proven({ aud: ISSUERS.entra }), client(["'aud'"])],
    ['700021 another client id', () => proven({}, { client_id: CLIENTS.middle }), client(["'client_id'"])],
    ['700213 no federated credential', () => proven(federated, { client_id: CLIENTS.desk }), client(['a:b:c'])],
  ];
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
