/** A running login proxy with an ID-porten and a second provider, `work`, for tests. */
import type { TestContext } from 'node:test';
import type { TestBrowser } from './browser.ts';
import type { TestProvider } from './provider.ts';
import { startProvider } from './provider.ts';
import type { World, WorldOptions } from './proxy.ts';
import { startWorld } from './proxy.ts';

/** A world of two providers: `provider` is the default, an ID-porten; `work` is of the generic kind. */
export interface TwoProviders extends World {
  readonly work: TestProvider;
  /** Logs in at the second provider; answers the callback's answer. */
  readonly logInAtWork: (browser?: TestBrowser, query?: string) => ReturnType<TestBrowser['ask']>;
}

/** Starts it all; everything is closed when the test ends. */
export async function startTwoProviders(t: TestContext, options: WorldOptions = {}): Promise<TwoProviders> {
  const clock = options.clock ?? { seconds: 1_800_000_000 };
  const work = await startProvider(t, () => clock.seconds);
  work.bends.idToken = { sub: 'worker-1', sid: 'work-sid-1', acr: undefined };
  const env = {
    FULLMAKT_LOGIN_PROVIDER: 'idporten,work',
    FULLMAKT_LOGIN_PROVIDER_WORK_KIND: 'openid',
    FULLMAKT_LOGIN_PROVIDER_WORK_CLIENT_ID: 'client-at-work',
    FULLMAKT_LOGIN_PROVIDER_WORK_CLIENT_SECRET: 'secret-at-work',
    FULLMAKT_LOGIN_PROVIDER_WORK_WELL_KNOWN_URL: work.wellKnownUrl,
    ...options.env,
  };
  const world = await startWorld(t, { ...options, clock, env });
  return {
    ...world,
    work,
    async logInAtWork(by = world.browser, query = '') {
      const start = await by.visit(`/oauth2/login?provider=work${query}`);
      return by.visit(await work.authorize(start.headers.location ?? ''));
    },
  };
}
