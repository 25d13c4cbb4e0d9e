import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  addPeople,
  codes,
  employee,
  entraUrl,
  machine,
  OBO,
  redeemAt,
  registerEntra,
  visitEntra,
} from '../testing/entra.ts';
import { CASE_WORKERS, CLIENTS } from '../testing/rows.ts';
import { askEntra, claimsOf, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { form, ISSUERS, openWorld, TENANT } from '../testing/world.ts';
import { entraPersona } from './entra.ts';
import { placeIn, sharedPlace } from './entra-places.ts';
import { createTenants } from '../tenants.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const L = ISSUERS.entra;
const own = registerEntra(world, 'inner', { tenant: 'other.test' });
const open = registerEntra(world, 'open', { signInAudience: 'AzureADMultipleOrgs' });
await addPeople(world, employee('01817055326', 'Z990014', `tenant: other.test, groups: [${CASE_WORKERS}]`));
const OTHER = await tenantOf('other.test');
const GUEST = { login_hint: 'testid:Z990014' };

async function tenantOf(name: string): Promise<string> {
  const answer = await world.fetch(`${L}/${name}/v2.0/.well-known/openid-configuration`);
  const { issuer } = (await answer.json()) as Record<string, unknown>;
  return String(issuer).split('/')[3] ?? '';
}

test('entra-12-metadata: a tenant that only a manifest names exists too, and has its own issuer', async () => {
  assert.notEqual(OTHER, TENANT);
  const byGuid = await world.fetch(`${L}/${OTHER}/v2.0/.well-known/openid-configuration`);
  assert.equal(((await byGuid.json()) as Record<string, unknown>)['issuer'], `${L}/${OTHER}/v2.0`);
});

test('entra tenants: at common whoever signs in brings the tenant; issuer and tid are theirs', async () => {
  for (const segment of ['common', 'organizations']) {
    const asked = { client_id: open, scope: `openid offline_access ${open}/.default` };
    const guest = await redeemAt(world, await visitEntra(world, { ...asked, ...GUEST }, segment), asked, segment);
    assert.equal(guest.status, 200, JSON.stringify(guest.body));
    for (const token of [guest.body['id_token'], guest.body['access_token']]) {
      assert.deepEqual([claimsOf(token)['iss'], claimsOf(token)['tid']], [`${L}/${OTHER}/v2.0`, OTHER]);
    }
    const refresh = { grant_type: 'refresh_token', client_id: open, client_secret: 's3cret' };
    const token = String(guest.body['refresh_token']);
    const next = await askEntra(world, { ...refresh, refresh_token: token }, segment);
    assert.equal(claimsOf(next.body['access_token'])['tid'], OTHER);
    const host = await redeemAt(world, await visitEntra(world, asked, segment), asked, segment);
    assert.equal(claimsOf(host.body['id_token'])['tid'], TENANT);
  }
});

test('entra tenants: the sign-in page of an application of all tenants lists everyone, and posts back to where it was', async () => {
  const jar: Jar = new Map();
  const shown = await (await visit(world, jar, entraUrl({ client_id: open, login_hint: '' }, 'common'))).text();
  assert.match(shown, /value="01817055326"/);
  assert.match(shown, /value="01819090285"/);
  const action = /action="([^"]+)"/.exec(shown)?.[1] ?? '';
  assert.match(action, /^\/common\//);
  const transaction = /name="transaction" value="([^"]+)"/.exec(shown)?.[1] ?? '';
  const answer = await visit(world, jar, `${L}${action}`, form({ transaction, person: '01817055326' }));
  const { body } = await redeemAt(world, answer, { client_id: open }, 'common');
  assert.equal(claimsOf(body['id_token'])['tid'], OTHER);
  const silent = await visit(world, jar, entraUrl({ client_id: open, login_hint: '', prompt: 'none' }, 'common'));
  assert.ok(redirected(silent).get('code'));
  const out = await visit(world, jar, `${L}/common/oauth2/v2.0/logout?id_token_hint=${String(body['id_token'])}`);
  assert.equal(out.status, 200);
  const later = await visit(world, jar, entraUrl({ client_id: open, login_hint: '', prompt: 'none' }, 'common'));
  assert.equal(redirected(later).get('error'), 'login_required');
});

test('entra tenants: an application of one tenant takes only its own people, at common too', async () => {
  const asked = { client_id: own };
  const guest = await redeemAt(world, await visitEntra(world, { ...asked, ...GUEST }, 'common'), asked, 'common');
  assert.equal(claimsOf(guest.body['id_token'])['tid'], OTHER);
  assert.match(await (await visitEntra(world, asked, 'common')).text(), /AADSTS50020/);
  assert.match(await (await visitEntra(world, asked)).text(), /AADSTS700016/);
  assert.match(await (await visitEntra(world, GUEST)).text(), /AADSTS50020/);
});

test('entra tenants: an assertion is exchanged at common in the tenant of its token, and codes stay in theirs', async () => {
  const asked = { client_id: open, scope: `openid ${open}/.default` };
  const answer = await visitEntra(world, { ...asked, ...GUEST }, 'common');
  const { body } = await redeemAt(world, answer, asked, 'common');
  const fields = { grant_type: OBO, requested_token_use: 'on_behalf_of', client_id: open, client_secret: 's3cret' };
  const assertion = String(body['access_token']);
  const next = await askEntra(world, { ...fields, assertion, scope: `${open}/.default` }, 'common');
  assert.equal(claimsOf(next.body['access_token'])['tid'], OTHER);
  const wrong = await redeemAt(world, await visitEntra(world, { ...asked, ...GUEST }, 'common'), asked, TENANT);
  assert.deepEqual(codes(wrong), [400, 'invalid_grant', 70_008]);
  const forged = `${assertion.slice(0, -8)}AAAAAAAA`;
  const refused = await askEntra(world, { ...fields, assertion: forged, scope: `${open}/.default` }, 'common');
  assert.deepEqual(codes(refused), [400, 'invalid_grant', 50_013]);
  const app = await machine(world, `${CLIENTS.api}/.default`);
  assert.equal(claimsOf(app.body['access_token'])['tid'], TENANT);
});

test('entra logout: at common the issuer that clients are told is that of the session, never the pattern', () => {
  const tenants = createTenants([{ tid: TENANT, domains: ['example.test'] }]);
  const { logout } = entraPersona({ origin: L, graphOrigin: ISSUERS.graph, tenants, sessionState: false });
  assert.equal(logout?.home?.(sharedPlace(L, 'common'), OTHER).issuer, `${L}/${OTHER}/v2.0`);
  const single = placeIn(L, TENANT);
  assert.equal(logout?.home?.(single, TENANT), single);
});

test('entra logout: at another tenant a session is not found, and its browser keeps it', async () => {
  const jar: Jar = new Map();
  await visit(world, jar, entraUrl({}));
  const elsewhere = await visit(world, jar, `${L}/${OTHER}/oauth2/v2.0/logout`);
  assert.equal(elsewhere.status, 200);
  const silent = await visit(world, jar, entraUrl({ login_hint: '', prompt: 'none' }));
  assert.ok(redirected(silent).get('code'));
});
