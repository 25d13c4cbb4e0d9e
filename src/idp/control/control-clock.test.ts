import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { listOf, openControlOf } from '../testing/control.ts';
import { CLIENTS } from '../testing/rows.ts';
import { askToken, authorizeUrl, codeAt, redeem, redirected, visit } from '../testing/sign-in.ts';
import type { Jar } from '../testing/sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, openWorld } from '../testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());
const control = await openControlOf(world);

/** Hooks would act on the tests of every file of the run. */
async function startAgain(): Promise<void> {
  await control('POST', '/v1/reset');
}

async function hold(seconds: number): Promise<void> {
  await control('PUT', '/v1/clock', { frozen: new Date(seconds * 1000).toISOString() });
}

const silent = authorizeUrl({ prompt: 'none' });
const refresh = (token: unknown): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: String(token),
});

test('control: while the clock is held, sign-ins, codes, refresh tokens and single sign-on work, and everything stays unique', async () => {
  await startAgain();
  await hold(world.clock.now);
  const jar: Jar = new Map();
  const answers = [];
  for (let n = 0; n < 3; n += 1) answers.push(await askToken(world, redeem(await codeAt(world, {}, jar))));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  const ids = listOf(await control('GET', '/v1/issued'), 'issued').map(
    ({ claims }) => (claims as { jti: unknown }).jti,
  );
  assert.equal(new Set(ids).size, ids.length);
  const tokens = answers.map(({ body }) => body['refresh_token']);
  const first = await askToken(world, refresh(tokens[0]));
  assert.equal(first.status, 200);
  assert.deepEqual((await askToken(world, refresh(tokens[0]))).body['error'], 'invalid_grant');
  assert.ok(redirected(await visit(world, jar, silent)).has('code'));
});

test('control: a clock that goes back brings nothing back that was spent, and ends nothing early', async () => {
  await startAgain();
  const { now } = world.clock;
  const jar: Jar = new Map();
  const code = await codeAt(world, {}, jar);
  const answer = await askToken(world, redeem(code));
  const assertion = await world.assertion(CLIENTS.portal, ISSUERS.idporten);
  const fields = { client_id: CLIENTS.portal, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
  const par = async (): Promise<number> =>
    (
      await world.fetch(
        `${ISSUERS.idporten}/par`,
        form({ ...Object.fromEntries(new URL(silent).searchParams), ...fields }),
      )
    ).status;
  assert.equal(await par(), 201);

  await hold(now - 5);
  assert.equal((await askToken(world, redeem(code))).body['error'], 'invalid_grant');
  assert.equal(await par(), 401);
  assert.ok(redirected(await visit(world, jar, silent)).has('code'));
  await hold(now);
  const other = await askToken(world, redeem(await codeAt(world, {}, jar)));
  assert.equal((await askToken(world, refresh(other.body['refresh_token']))).status, 200);
  // Past their time and back again: what ran out while nobody looked is as it was.
  await hold(now + 700);
  await hold(now);
  assert.equal(answer.status, 200);
  assert.ok(redirected(await visit(world, jar, silent)).has('code'));
});

test('control: a dropped key ends what it signed: UserInfo refuses the token, sign-out does not believe the hint', async () => {
  await startAgain();
  const answer = await askToken(world, redeem(await codeAt(world)));
  const userinfo = async (): Promise<number> => {
    const authorization = `Bearer ${String(answer.body['access_token'])}`;
    return (await world.fetch(`${ISSUERS.idporten}/userinfo`, { headers: { authorization } })).status;
  };
  assert.equal(await userinfo(), 200);
  const [old] = listOf(await control('GET', '/v1/idporten/keys'), 'keys');
  await control('POST', '/v1/idporten/keys', { action: 'rotate' });
  assert.equal(await userinfo(), 200);
  assert.equal((await control('POST', '/v1/idporten/keys', { action: 'drop', kid: old?.['kid'] })).status, 200);
  assert.equal(await userinfo(), 401);
  const hint = new URLSearchParams({ id_token_hint: String(answer.body['id_token']) });
  const page = await world.fetch(`${ISSUERS.login}/logout?${hint.toString()}`);
  assert.ok(page.status < 500);
  assert.equal((await askToken(world, refresh(answer.body['refresh_token']))).status, 200);
});
