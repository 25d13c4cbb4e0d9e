import { VERIFIER, CALLBACK, DESK_CALLBACK } from '../../src/idp/testing/sign-in.ts';
import { codeChallenge } from '../../src/oauth/pkce.ts';
import { APP, GOODBYE } from '../../src/idp/testing/openid.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { ASSERTION_TYPE, ISSUERS, TENANT } from '../../src/idp/testing/world.ts';
import { MACHINE_SCOPE, WATCHER } from './60-idp-world.ts';
import type { ListenerName } from './60-idp-world.ts';

/** Name and value; `{{name}}` in a value is replaced by what a real flow gave. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A request that a provider answers well, to be spoilt. */
export interface Template {
  readonly at: ListenerName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly query?: Fields;
  readonly form?: Fields;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who signs `{{assertion}}`, for whom. */
  readonly assertion?: { readonly client: string; readonly audience: string; readonly more?: object };
  /** Why even this request is refused, for one that cannot be answered well. */
  readonly refused?: string;
}

const OBO = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const PUBLIC: readonly string[] = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const fields = (values: Readonly<Record<string, string>>): Fields => Object.entries(values);
const proof: Readonly<Record<string, string>> = {
  client_assertion_type: ASSERTION_TYPE,
  client_assertion: '{{assertion}}',
};
const cookie: Readonly<Record<string, string>> = { cookie: '{{cookies}}' };

function authorization(
  client: string,
  redirect: string,
  hint: string = 'testid:{{pid}}',
): Readonly<Record<string, string>> {
  return {
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect,
    scope: 'openid profile',
    state: 'st',
    nonce: 'no',
    code_challenge: codeChallenge(VERIFIER),
    code_challenge_method: 'S256',
    prompt: 'login',
    max_age: '100',
    ui_locales: 'nb',
    acr_values: 'idporten-loa-high',
    login_hint: hint,
    response_mode: 'query',
    claims: '{"id_token":{"auth_time":{"essential":true}}}',
  };
}

const redeemed = (code: string, redirect: string): Readonly<Record<string, string>> => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirect,
  code_verifier: VERIFIER,
});
const press = (transaction: string): Readonly<Record<string, string>> => ({
  transaction,
  person: '{{pid}}',
  pid: '{{pid}}',
  acr: 'high',
  lang: 'nb',
  q: 'a',
  search: '1',
  fault: 'skew:600',
  continue: '1',
});
const out: Readonly<Record<string, string>> = {
  id_token_hint: '{{id}}',
  post_logout_redirect_uri: GOODBYE,
  client_id: 'web',
  state: 'st',
  ui_locales: 'nb',
};
/** A token in its header. */
export const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

function idporten(): readonly Template[] {
  const assertion = { client: CLIENTS.portal, audience: ISSUERS.idporten };
  const own = { client_id: CLIENTS.portal, ...proof };
  const at = 'ID-porten';
  const login = 'ID-porten login';
  const asked = authorization(CLIENTS.portal, CALLBACK, 'testid:{{pid}}_idporten-loa-high');
  const home = 'http://127.0.0.1:7500/oauth2/logout/callback';
  const leave = { ...out, client_id: CLIENTS.portal, post_logout_redirect_uri: home };
  const on = { at, method: 'POST', assertion } as const;
  return [
    { ...on, path: '/token', form: fields({ ...own, ...redeemed('{{code}}', CALLBACK) }) },
    {
      ...on,
      path: '/token',
      form: fields({ ...own, grant_type: 'refresh_token', refresh_token: '{{refresh}}', scope: 'openid' }),
    },
    { ...on, path: '/par', form: fields({ ...own, ...asked, onbehalfof: '' }) },
    {
      ...on,
      path: '/token/introspect',
      form: fields({ ...own, client_id: WATCHER, token: '{{access}}', token_type_hint: 'x' }),
      assertion: { ...assertion, client: WATCHER },
    },
    { ...on, path: '/token/revoke', form: fields({ ...own, token: '{{id}}' }) },
    { at, method: 'GET', path: '/userinfo', headers: bearer('{{access}}') },
    { at: login, method: 'GET', path: '/authorize', query: fields(asked), headers: cookie },
    { at: login, method: 'POST', path: '/authorize', form: fields(asked), headers: cookie },
    { at: login, method: 'POST', path: '/authorize', form: fields(press('{{transaction}}')), headers: cookie },
    { at: login, method: 'GET', path: '/logout', query: fields(leave), headers: cookie },
    { at: login, method: 'POST', path: '/logout', form: fields(leave), headers: cookie },
    ...[PUBLIC[0] ?? '', '/jwks.json'].map((path): Template => ({ at, method: 'GET', path })),
  ];
}

function entra(at: 'Entra ID' | 'Entra ID (http)'): readonly Template[] {
  const base = `/${TENANT}/oauth2/v2.0`;
  const assertion = { client: CLIENTS.desk, audience: `${ISSUERS.entra}${base}/token` };
  const secret = { client_id: CLIENTS.desk, client_secret: 's3cret' };
  const asked = { ...authorization(CLIENTS.desk, DESK_CALLBACK), domain_hint: 'x', client_info: '1' };
  const leave = {
    ...out,
    id_token_hint: '{{entra-id}}',
    client_id: CLIENTS.desk,
    post_logout_redirect_uri: DESK_CALLBACK,
  };
  const token = (form: Readonly<Record<string, string>>): Template => ({
    at,
    method: 'POST',
    path: `${base}/token`,
    form: fields(form),
    assertion,
  });
  return [
    token({ ...secret, ...redeemed('{{entra-code}}', DESK_CALLBACK) }),
    token({ ...secret, grant_type: 'refresh_token', refresh_token: '{{entra-refresh}}', scope: 'openid' }),
    token({ ...secret, grant_type: 'client_credentials', scope: `${CLIENTS.api}/.default` }),
    token({ client_id: CLIENTS.desk, ...proof, grant_type: 'client_credentials', scope: `${CLIENTS.api}/.default` }),
    token({
      client_id: CLIENTS.middle,
      client_secret: 's3cret',
      grant_type: OBO,
      requested_token_use: 'on_behalf_of',
      assertion: '{{entra-access}}',
      scope: `${CLIENTS.api}/.default`,
      claims: '{"access_token":{}}',
    }),
    { at, method: 'OPTIONS', path: `${base}/token` },
    {
      at,
      method: 'GET',
      path: `${base}/token`,
      query: fields({ 'client-request-id': 'x' }),
      refused: 'tokens are given to POST alone',
    },
    { at, method: 'GET', path: `${base}/authorize`, query: fields(asked), headers: cookie },
    { at, method: 'POST', path: `/common/oauth2/v2.0/authorize`, form: fields(asked), headers: cookie },
    { at, method: 'POST', path: `${base}/authorize`, form: fields(press('{{entra-transaction}}')), headers: cookie },
    { at, method: 'GET', path: `${base}/logout`, query: fields({ logout_hint: 'x', state: 'st' }), headers: cookie },
    { at, method: 'GET', path: `/organizations/oauth2/v2.0/logout`, query: fields(leave), headers: cookie },
    ...[
      '/common/discovery/instance',
      `/${TENANT}/v2.0/.well-known/openid-configuration`,
      '/common/v2.0/.well-known/openid-configuration',
      `/${TENANT}/discovery/v2.0/keys`,
    ].map((path): Template => ({ at, method: 'GET', path, query: fields({ 'api-version': '1.1' }) })),
  ];
}

function generic(at: 'OpenID' | 'OIDF basic' | 'OIDF FAPI 2.0', issuer: string, name: string): readonly Template[] {
  const assertion = { client: at === 'OpenID' ? 'key' : 'web', audience: issuer };
  const byKey = at === 'OIDF FAPI 2.0';
  const headers = byKey ? {} : { authorization: '{{basic}}' };
  const own = byKey ? { client_id: 'web', ...proof } : {};
  const asked = { ...authorization('web', APP), resource: 'https://api.example.test/' };
  const started = byKey ? { client_id: 'web', request_uri: '{{fapi-pushed}}' } : asked;
  const on = { at, method: 'POST', assertion, headers } as const;
  const [access, refresh] = [`{{${name}-access}}`, `{{${name}-refresh}}`];
  return [
    { ...on, path: '/token', form: fields({ ...own, ...redeemed(`{{${name}-code}}`, APP) }) },
    { ...on, path: '/token', form: fields({ ...own, grant_type: 'refresh_token', refresh_token: refresh }) },
    { ...on, path: '/par', form: fields({ ...own, ...asked }) },
    { ...on, path: '/introspect', form: fields({ ...own, token: access }) },
    { ...on, path: '/revoke', form: fields({ ...own, token: refresh }) },
    ...(byKey
      ? []
      : [
          { at, method: 'POST', path: '/userinfo', form: fields({ access_token: access }) } as const,
          {
            at,
            method: 'POST',
            path: '/authorize',
            form: fields(press(`{{${name}-transaction}}`)),
            headers: cookie,
          } as const,
        ]),
    { at, method: 'GET', path: '/userinfo', headers: bearer(access) },
    ...(byKey ? [{ at, method: 'GET', path: '/resource', headers: bearer(access) } as const] : []),
    { at, method: 'GET', path: '/authorize', query: fields(started), headers: cookie },
    { at, method: 'GET', path: '/logout', query: fields({ ...out, id_token_hint: `{{${name}-id}}` }), headers: cookie },
    ...[...PUBLIC, '/jwks'].map((path): Template => ({ at, method: 'GET', path })),
  ];
}

function machines(): readonly Template[] {
  const at = 'Maskinporten';
  const cc = 'OIDF client credentials';
  const more = { scope: 'demo:feed/read', sub: undefined, resource: 'https://api.example.test/' };
  return [
    {
      at,
      method: 'POST',
      path: '/token',
      form: fields({ grant_type: OBO, assertion: '{{assertion}}' }),
      assertion: { client: CLIENTS.feed, audience: ISSUERS.maskinporten, more },
    },
    { at, method: 'GET', path: '/.well-known/oauth-authorization-server' },
    { at, method: 'GET', path: '/jwk' },
    {
      at: cc,
      method: 'POST',
      path: '/token',
      form: fields({ client_id: 'web', ...proof, grant_type: 'client_credentials', scope: MACHINE_SCOPE }),
      assertion: { client: 'web', audience: ISSUERS.oidfCc },
    },
    { at: cc, method: 'GET', path: '/resource', headers: bearer('{{machine-access}}') },
    { at: 'Graph', method: 'GET', path: '/oidc/userinfo', headers: bearer('{{graph-access}}') },
    { at: 'Graph', method: 'POST', path: '/oidc/userinfo', headers: bearer('{{graph-access}}'), form: [] },
  ];
}

/** Every endpoint of every persona. */
export const TEMPLATES: readonly Template[] = [
  ...idporten(),
  ...entra('Entra ID'),
  ...entra('Entra ID (http)').slice(0, 4),
  ...generic('OpenID', ISSUERS.openid, 'openid'),
  ...generic('OIDF basic', ISSUERS.oidfBasic, 'oidf'),
  ...generic('OIDF FAPI 2.0', ISSUERS.oidfFapi2, 'fapi'),
  ...machines(),
];
