import { entraUrl, machine as askAsApplication, OBO, SPA_CALLBACK, tokensFor, visitEntra } from './entra.ts';
import { client, grant, page, redirects, request, scope } from './entra-error-row.ts';
import type { ErrorRow, Expected, Extra } from './entra-error-row.ts';
import { API } from './entra-requests.ts';
import type { Requests } from './entra-requests.ts';
import { transactionOf } from './page.ts';
import { CLIENTS } from './rows.ts';
import { redirected } from './sign-in.ts';
import { form, ISSUERS, TENANT } from './world.ts';
import type { World } from './world.ts';

const CLOSED = 'api://local.demo.closed';
const DAY = 24 * 60 * 60;

/** Faults of codes, tokens and scopes. */
export function grantRows(world: World, at: Requests): readonly ErrorRow[] {
  const later = (seconds: number) => (): void => void (world.clock.now += seconds);
  return [
    ...codeRows(at, later),
    ...scopeRows(at),
    ['50013 a token for another', () => at.obo({}, { client_id: CLIENTS.api }), grant()],
    ['500133 a token too late', () => at.obo({}, {}, later(5401)), grant()],
  ];
}

function codeRows({ visit, redeem, refresh }: Requests, later: (seconds: number) => () => void): readonly ErrorRow[] {
  const middle = { client_id: CLIENTS.middle };
  const challenged = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' };
  const twice = async (): Promise<Response> => {
    const code = redirected(await visit({})).get('code') ?? '';
    await redeem({}, { code });
    return await redeem({}, { code });
  };
  return [
    ['9002313 a code of no look', () => redeem({}, { code: 'x' }), grant()],
    ['9002313 a refresh token of nobody', () => refresh({}, { refresh_token: 'x' }), grant()],
    ['54005 a code again', twice, grant()],
    ['70008 a code too late', () => redeem({}, {}, later(600)), grant()],
    ['70008 the code of another', () => redeem({}, middle), grant()],
    ['70008 the refresh token of another', () => refresh({}, middle), grant()],
    ['700082 a refresh token after 90 days', () => refresh({}, {}, later(90 * DAY)), grant()],
    [
      '501481 another verifier',
      () => redeem(challenged, { code_verifier: 'v'.repeat(43) }),
      grant(['code_verifier', 'code_challenge']),
    ],
    ['501481 no verifier', () => redeem(challenged), grant(['code_verifier', 'code_challenge'])],
  ];
}

function scopeRows({ machine, visit, redeem, refresh, obo }: Requests): readonly ErrorRow[] {
  const two = `${API} ${CLIENTS.middle}/.default`;
  return [
    ['1002012 no .default', () => machine(`${CLIENTS.api}/read`), scope([`${CLIENTS.api}/read`, '/.default'])],
    ['70011 a scope of no API', () => visit({ scope: 'openid something' }), redirects('invalid_scope', ['something'])],
    ['70011 a scope nobody gave', () => obo({}, { scope: `${CLIENTS.api}/no` }), scope([`${CLIENTS.api}/no`])],
    ['28000 two APIs', () => machine(two), request([two])],
    ['28000 two APIs for a user', () => refresh({}, { scope: two }), request([two])],
    ['28002 a value without token', () => refresh({}, { scope: 'something' }), scope(['something'])],
    ['28003 an empty scope', () => redeem({}, { scope: '' }), request(['scope'])],
    ['700022 two APIs at sign-in', () => visit({ scope: two }), redirects('invalid_scope', [two])],
    [
      '700022 an API and Graph at sign-in',
      () => visit({ scope: `${API} User.Read` }),
      redirects('invalid_scope', ['User.Read']),
    ],
    [
      '500011 an API of nobody',
      () => machine('api://local.demo.nothing/.default'),
      { ...request(['api://local.demo.nothing', TENANT]), error: 'invalid_resource' },
    ],
  ];
}

/** Faults of policy, and of who signs in. */
export function policyRows(world: World, at: Requests, { spa, elsewhere }: Extra): readonly ErrorRow[] {
  const { visit, obo, token } = at;
  const asApp = async (): Promise<Response> =>
    obo({}, { assertion: String((await askAsApplication(world, `${CLIENTS.middle}/.default`)).body['access_token']) });
  const asId = async (): Promise<Response> => {
    const { body } = await tokensFor(world, 'openid');
    return await obo({}, { client_id: CLIENTS.desk, assertion: String(body['id_token']) });
  };
  const browser = { client_id: spa, redirect_uri: SPA_CALLBACK };
  return [
    ...consentRows(at),
    ['7000114 an application on behalf', asApp, { ...request([CLIENTS.middle]), error: 'unauthorized_client' }],
    ['240002 an ID token on behalf', asId, request([OBO])],
    ['9002325 a browser application without PKCE', () => visit(browser), redirects('invalid_request')],
    [
      '7000218 a browser application calls for itself',
      () => token({ grant_type: 'client_credentials', client_id: spa, scope: API }),
      client(),
    ],
    ...stepRows(at),
    ['50020 a person of another tenant', () => visit({ login_hint: 'testid:Z990014' }), page([TENANT, CLIENTS.desk])],
    ['16000 a session at another tenant', () => silentlyElsewhere(world, elsewhere), page()],
    ['65004 cancel', () => cancel(world), { ...redirects('access_denied'), status: 303 }],
  ];
}

function consentRows({ machine, visit, obo, refresh }: Requests): readonly ErrorRow[] {
  const closed = { scope: `${CLOSED}/.default` };
  const picky = 'openid api://local.demo.picky/.default';
  return [
    [
      '501051 no role',
      () => machine(closed.scope),
      grant([CLIENTS.desk, 'local:demo:desk', CLOSED, 'local:demo:closed']),
    ],
    [
      '65001 no consent',
      () => obo({}, closed),
      { ...grant([CLIENTS.middle, 'local:demo:middle']), suberror: 'consent_required' },
    ],
    [
      '65001 no consent at sign-in',
      () => visit({ scope: `openid ${closed.scope}` }),
      redirects('consent_required', [CLIENTS.desk, 'local:demo:desk']),
    ],
    [
      '50105 outside the groups at sign-in',
      () => visit({ scope: picky }),
      page([CLIENTS.picky, 'local:demo:picky', '{EmailHidden}']),
    ],
    [
      '50105 outside the groups',
      () => refresh({}, { scope: picky }),
      grant([CLIENTS.picky, 'local:demo:picky', '{EmailHidden}']),
    ],
  ];
}

function stepRows({ obo, refresh }: Requests): readonly ErrorRow[] {
  const step: Expected = { status: 400, error: 'interaction_required', claims: true };
  return [
    ['50076 one more proof, on behalf', () => obo({ login_hint: 'testid:Z990011' }), step],
    ['50079 enrolment, on refresh', () => refresh({ login_hint: 'testid:Z990012' }), step],
    ['53003 conditional access, on behalf', () => obo({ login_hint: 'testid:Z990013' }), step],
  ];
}

/** Signs in at one tenant and asks silently at another. */
async function silentlyElsewhere(world: World, client_id: string): Promise<Response> {
  const asked = { client_id, login_hint: 'testid:Z990014' };
  const cookie = cookiesOf(await world.fetch(entraUrl(asked, 'other.test')));
  return await world.fetch(entraUrl({ prompt: 'none', login_hint: '' }), { headers: { cookie } });
}

async function cancel(world: World): Promise<Response> {
  const shown = await visitEntra(world, { login_hint: '' });
  const transaction = transactionOf(await shown.text());
  const url = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/authorize`;
  return await world.fetch(url, form({ transaction, cancel: '1' }, { cookie: cookiesOf(shown) }));
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}
