import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { Limits } from '../../src/web/limits.ts';
import { HOST } from './01-36-world.ts';

/** A login proxy in its own process. */
export interface Proxied {
  readonly port: number;
  readonly process: ChildProcess;
}

/** A login proxy in its own process, before an upstream. It ends with the test. Its listener's limits may be others. */
export async function startProxy(t: TestContext, upstream: string, limits: Partial<Limits> = {}): Promise<Proxied> {
  const child = fork(new URL('24-proxy.ts', import.meta.url), {
    env: {
      TEST_LIMITS: JSON.stringify(limits),
      FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
      FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
      FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: 'none',
      FULLMAKT_LOGIN_UPSTREAM: upstream,
      FULLMAKT_LOGIN_PROVIDER: 'openid',
      FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'client-1',
      FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(await generatePrivateJwk('ES256', 'client-1')),
      FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: 'http://127.0.0.1:1/.well-known/openid-configuration',
      FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
      FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    },
  });
  const gone = once(child, 'exit');
  t.after(async () => {
    if (child.connected) child.disconnect();
    await gone;
  });
  const began = await Promise.race([once(child, 'message'), gone.then(() => undefined)]);
  if (began === undefined) throw new Error('the proxy did not start');
  // oxlint-disable-next-line typescript/consistent-type-assertions -- it is what 24-proxy.ts says
  const [{ port }] = began as [{ port: number }];
  return { port, process: child };
}
