import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { codes, machine, onBehalfOf, redeemAt, tokensFor, visitEntra } from '../testing/entra.ts';
import type { Answer } from '../testing/entra.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askEntra } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['entra'] });
after(() => world.close());

const UNKNOWN = 'api://nobody/.default';
const DESK = `openid offline_access ${CLIENTS.desk}/.default`;

/** A token request wrong in several ways at once; `fields` put some of them right. */
const ask = (fields: Record<string, string>, tenant?: string): Promise<Answer> =>
  askEntra(world, { grant_type: 'authorization_code', client_id: CLIENTS.desk, ...fields }, tenant);

const numberOf = async (answer: Promise<Answer>): Promise<unknown> => codes(await answer)[2];

test('entra-15-errors: of several faults the first of the order is told: body, tenant, grant type, client_id, app, shape, credential, scope, API, grant, policy', async () => {
  const secret = { client_secret: 's3cret' };
  const shaped = { code: `1.A${'x'.repeat(86)}`, redirect_uri: 'http://localhost:7502/oauth2/callback' };
  const several = { scope: `${CLIENTS.middle}/.default ${CLIENTS.api}/.default` };
  const first = await numberOf(ask({ grant_type: 'password', client_id: 'x' }, 'nowhere.test'));
  const rest = [
    ask({ grant_type: 'password', client_id: '' }),
    ask({ client_id: '', code: 'x' }),
    ask({ client_id: 'x', code: 'x' }),
    ask({ code: 'x', ...several }),
    ask({ ...shaped, client_secret: 'wrong', ...several }),
    ask({ ...shaped, ...secret, ...several }),
    ask({ ...shaped, ...secret, scope: UNKNOWN }),
    ask({ ...shaped, ...secret, scope: `${CLIENTS.closed}/.default` }),
  ];
  const told = [first, ...(await Promise.all(rest.map(numberOf)))];
  assert.deepEqual(told, [90002, 70003, 900144, 700016, 9002313, 7000215, 28000, 500011, 9002313]);
});

test('entra-15-errors: a scope that cannot be used spends neither code nor refresh token, and is told before a bad assertion', async () => {
  const answer = await visitEntra(world, { scope: DESK });
  assert.deepEqual(codes(await redeemAt(world, answer, { scope: UNKNOWN })), [400, 'invalid_resource', 500011]);
  const redeemed = await redeemAt(world, answer);
  assert.equal(redeemed.status, 200);
  assert.deepEqual(codes(await onBehalfOf(world, 'a.b.c', UNKNOWN)), [400, 'invalid_resource', 500011]);
});

test('entra-15-errors: a scope of blanks is none: no token for anyone, 900144', async () => {
  const user = await tokensFor(world, `${CLIENTS.middle}/.default`);
  const missing = [400, 'invalid_request', 900144];
  assert.deepEqual(codes(await machine(world, ' ')), missing);
  assert.deepEqual(codes(await onBehalfOf(world, user.body['access_token'], ' ')), missing);
});
