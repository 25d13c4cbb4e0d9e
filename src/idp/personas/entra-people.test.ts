import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addPeople, codes, employee, entraUrl, onBehalfOf, redeemAt } from '../testing/entra.ts';
import { CASE_WORKERS, CLIENTS } from '../testing/rows.ts';
import { askEntra, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const LEAVER = '01817055326';
const GRAPH = `${ISSUERS.graph}/oidc/userinfo`;
await addPeople(world, employee(LEAVER, 'Z990014', `tenant: example.test, groups: [${CASE_WORKERS}]`));

test('entra people: who was taken off the list is signed in nowhere: the page comes again, and no token, code or refresh token gives more', async () => {
  const jar: Jar = new Map();
  const asked = { login_hint: 'testid:Z990014', scope: `openid offline_access ${CLIENTS.middle}/.default` };
  const signIn = async (): Promise<Response> => await visit(world, jar, entraUrl(asked));
  const { body } = await redeemAt(world, await signIn());
  const graph = await redeemAt(world, await visit(world, jar, entraUrl({ ...asked, scope: 'openid' })));
  const waiting = await signIn();
  assert.ok(world.idp.people.remove(LEAVER));

  const silent = await visit(world, jar, entraUrl({ login_hint: '', prompt: 'none' }));
  assert.equal(redirected(silent).get('error'), 'login_required');
  assert.match(redirected(silent).get('error_description') ?? '', /^AADSTS50058: /);
  const page = await visit(world, jar, entraUrl({ login_hint: '' }));
  assert.equal(page.status, 200);
  assert.match(await page.text(), /id="fm-login"/);

  const desk = { client_id: CLIENTS.desk, client_secret: 's3cret' };
  const refresh = { ...desk, grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  const ended = [400, 'invalid_grant', 70008];
  assert.deepEqual(codes(await askEntra(world, refresh)), ended);
  assert.deepEqual(codes(await redeemAt(world, waiting)), ended);
  const scope = `${CLIENTS.api}/.default`;
  assert.deepEqual(codes(await onBehalfOf(world, body['access_token'], scope)), [400, 'invalid_grant', 50013]);
  const authorization = `Bearer ${String(graph.body['access_token'])}`;
  assert.equal((await world.fetch(GRAPH, { headers: { authorization } })).status, 403);
});
