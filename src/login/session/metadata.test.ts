import assert from 'node:assert/strict';
import test from 'node:test';
import { startWorld } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

interface Shown {
  readonly session: Readonly<Record<string, unknown>>;
  readonly tokens: Readonly<Record<string, unknown>>;
}

async function shown(world: World, query = ''): Promise<Shown> {
  const answer = await world.browser.ask(`/oauth2/session${query}`);
  assert.equal(answer.status, 200);
  return JSON.parse(answer.body) as Shown;
}

const refresh = (world: World): ReturnType<World['browser']['ask']> =>
  world.browser.ask('/oauth2/session/refresh', { method: 'POST' });

test('A9 7.1: fresh, past its cooldown, due and expired, a session says so, and asking changes nothing', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const rows: readonly (readonly [number, boolean, number, number, number])[] = [
    [0, true, 60, 3570, 3600],
    [59, true, 1, 3511, 3541],
    [60, false, 0, 3510, 3540],
    [3571, false, 0, 0, 29],
    [3601, false, 0, 0, 0],
  ];
  const start = world.clock.seconds;
  for (const [after, cooldown, seconds, next, expires] of rows) {
    world.clock.seconds = start + after;
    const { session, tokens } = await shown(world);
    assert.equal(session['active'], true, `${after} s`);
    const { refresh_cooldown, refresh_cooldown_seconds, next_auto_refresh_in_seconds, expire_in_seconds } = tokens;
    assert.deepEqual(
      [refresh_cooldown, refresh_cooldown_seconds, next_auto_refresh_in_seconds, expire_in_seconds],
      [cooldown, seconds, next, expires],
      `${after} s`,
    );
  }
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('A9: without a refresh token nothing refreshes by itself, and a refresh is 200 and changes nothing', async (t) => {
  const world = await startWorld(t);
  world.provider.bends.answer = { refresh_token: undefined };
  await world.logIn();
  world.clock.seconds += 3575;
  const before = await shown(world);
  assert.equal(before.tokens['next_auto_refresh_in_seconds'], -1);
  const answer = await refresh(world);
  assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, before]);
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('A9: a session past its end cannot be refreshed', async (t) => {
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '1h' } });
  await world.logIn();
  world.clock.seconds += 3601;
  assert.equal((await refresh(world)).status, 401);
  assert.equal(world.provider.callsTo('token').length, 1);
});

test('7.1: view=full adds provider and level, and nothing else', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const plain = await shown(world);
  const full = await shown(world, '?view=full');
  assert.deepEqual(full, {
    ...plain,
    session: { ...plain.session, provider: 'idporten', acr: 'idporten-loa-high' },
  });
  assert.deepEqual(await shown(world, '?view=other'), plain);
});
