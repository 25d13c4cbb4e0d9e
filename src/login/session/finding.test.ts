import assert from 'node:assert/strict';
import test from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { TestBrowser } from '../testing/browser.ts';
import type { TestProvider } from '../testing/provider.ts';
import { startProvider } from '../testing/provider.ts';
import type { World } from '../testing/proxy.ts';
import { startWorld } from '../testing/proxy.ts';

const NOW = 1_800_000_000;
const RULES = [
  { path: '/staff/**', provider: 'staff' },
  { path: '/people/**', provider: 'idporten' },
  { path: '/maybe/**', provider: 'staff', login: 'optional' },
];

interface Scene {
  readonly world: World;
  readonly staff: TestProvider;
  readonly reads: () => number;
  readonly logInAsStaff: (browser: TestBrowser) => Promise<void>;
}

/** ID-porten as the default provider, and one of our own kind called `staff`, whose access tokens say so. */
async function scene(t: test.TestContext): Promise<Scene> {
  const clock = { seconds: NOW };
  const staff = await startProvider(t, () => clock.seconds);
  staff.bends.answer = { access_token: 'staff-token' };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let reads = 0;
  const store = {
    ...inner,
    read(key: string): ReturnType<typeof inner.read> {
      reads += 1;
      return inner.read(key);
    },
  };
  const env = {
    FULLMAKT_LOGIN_PROVIDER: 'idporten,staff',
    FULLMAKT_LOGIN_PROVIDER_STAFF_KIND: 'openid',
    FULLMAKT_LOGIN_PROVIDER_STAFF_CLIENT_ID: 'staff-client',
    FULLMAKT_LOGIN_PROVIDER_STAFF_CLIENT_SECRET: 'secret',
    FULLMAKT_LOGIN_PROVIDER_STAFF_WELL_KNOWN_URL: staff.wellKnownUrl,
    FULLMAKT_LOGIN_RULES: JSON.stringify(RULES),
  };
  const world = await startWorld(t, { clock, store, env });
  return {
    world,
    staff,
    reads: () => reads,
    async logInAsStaff(browser) {
      const start = await browser.visit('/oauth2/login?provider=staff');
      await browser.visit(await staff.authorize(start.headers.location ?? ''));
    },
  };
}

/** Whose token the application got: the staff's, the people's, nobody's; or the status of a refusal. */
async function whose({ world }: Scene, browser: TestBrowser, path: string): Promise<string | number> {
  const before = world.seen.length;
  const { status } = await browser.visit(path);
  if (world.seen.length === before) return status;
  const authorization = world.seen.at(-1)?.headers.authorization ?? 'nobody';
  return authorization === 'Bearer staff-token'
    ? 'staff'
    : authorization.startsWith('Bearer access-')
      ? 'people'
      : 'nobody';
}

test('A20 a request uses the session of its rule, else the default one, else the only one; one read each (RO-5, ST-2)', async (t) => {
  const all = await scene(t);
  const { world, logInAsStaff, reads } = all;
  const onlyPeople = world.newBrowser();
  const onlyStaff = world.newBrowser();
  const both = world.newBrowser();
  await world.logIn(onlyPeople);
  await logInAsStaff(onlyStaff);
  await world.logIn(both);
  await logInAsStaff(both);
  const rows: readonly (readonly [TestBrowser, string, string | number])[] = [
    [onlyPeople, '/x', 'people'],
    [onlyStaff, '/x', 'staff'],
    [both, '/x', 'people'],
    [onlyPeople, '/people/x', 'people'],
    [onlyStaff, '/people/x', 302],
    [both, '/people/x', 'people'],
    [onlyPeople, '/staff/x', 302],
    [onlyStaff, '/staff/x', 'staff'],
    [both, '/staff/x', 'staff'],
    [onlyPeople, '/maybe/x', 'nobody'],
    [both, '/maybe/x', 'staff'],
  ];
  for (const [browser, path, expected] of rows) {
    const before = reads();
    assert.equal(await whose(all, browser, path), expected, path);
    assert.ok(reads() - before <= 1, path);
  }
});

test('A20 login goes to the provider of the rule for its target, and a script hears of it (RO-5)', async (t) => {
  const { world, staff } = await scene(t);
  const { browser } = world;
  const asked = await browser.visit('/staff/x');
  const start = await browser.visit(asked.headers.location ?? '');
  assert.ok(start.headers.location?.startsWith(staff.issuer));
  const back = await browser.visit(await staff.authorize(start.headers.location ?? ''));
  assert.equal(back.headers.location, '/staff/x');
  assert.equal((await browser.visit('/staff/x')).status, 200);
  assert.equal((await world.newBrowser().ask('/staff/x')).headers.location, '/oauth2/login?provider=staff');
});

test('A20 a cookie of one provider under the name of another is no session (RO-5)', async (t) => {
  const all = await scene(t);
  const { world, logInAsStaff } = all;
  await logInAsStaff(world.browser);
  const { jar } = world.browser;
  const [name = '', value = ''] = [...jar].find(([one]) => one.endsWith('.session.staff')) ?? [];
  jar.delete(name);
  jar.set(name.replace('.staff', ''), value);
  assert.equal(await whose(all, world.browser, '/x'), 302);
});
