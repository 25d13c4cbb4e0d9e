import { createLogin } from '../../src/login/app.ts';
import type { LoginDeps } from '../../src/login/app.ts';
import { readLoginConfig } from '../../src/login/config.ts';
import { silent } from '../../src/observe/events.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { json } from '../../src/web/http.ts';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { createOutboundFetch } from '../../src/web/outbound-fetch.ts';
import { serve } from '../../src/web/serve.ts';
import { now, run } from './providers.ts';

/** A login proxy with an application behind it that answers what it was sent. */
export interface LoginProxy {
  /** Seconds by which the proxy's clock is ahead. */
  readonly clock: { ahead: number };
  close(): Promise<void>;
}

/** What a test brings along in place of the real clock, the plain way out, and silence. */
export type LoginParts = Partial<Pick<LoginDeps, 'now' | 'fetch' | 'emit'>>;

/** Starts a login proxy of `provider: openid` at this ingress, with further settings. Throws PortTaken. */
export async function startLoginProxy(
  ingress: URL,
  settings: Readonly<Record<string, string>>,
  parts: LoginParts = {},
): Promise<LoginProxy> {
  const clock = { ahead: 0 };
  const proxyNow = (): number => (parts.now ?? now)() + clock.ahead;
  const echo = await serve({ name: 'echo', setting: '-', host: '127.0.0.1', port: 0, handle: echoed });
  const store = createMemoryStore({ now: proxyNow });
  const outbound = createOutboundFetch();
  const closeParts = async (): Promise<void> => {
    await Promise.all([echo.close(0), store.close(), outbound.close()]);
  };
  const read = readLoginConfig({
    FULLMAKT_LOGIN_INGRESS: ingress.origin,
    FULLMAKT_LOGIN_BIND_ADDRESS: ingress.host,
    FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
    FULLMAKT_LOGIN_UPSTREAM: echo.origin,
    FULLMAKT_LOGIN_PROVIDER: 'openid',
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    ...settings,
  });
  try {
    if (!read.ok) throw new Error(read.problems.join('; '));
    const program = await createLogin(read.config, {
      store,
      fetch: outbound.fetch,
      emit: silent,
      ...parts,
      now: proxyNow,
    });
    const { stop } = await run(program);
    return {
      clock,
      close: async () => {
        await stop();
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

function echoed({ target, headers }: HttpRequest): HttpResponse {
  return json(200, { target, authorization: headers.authorization ?? null });
}
