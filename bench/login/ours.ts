import { startLoginCommand } from '../../tests/servers/login-command.ts';
import { serverOf } from '../shared/servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { BenchProvider } from './provider.ts';
import { SESSION_KEY } from './sessions.ts';
import { CLIENT_ID, CLIENT_SECRET, HOST } from './world.ts';

/** What `fullmakt login` stands between. */
export interface OursOptions {
  readonly appPort: number;
  readonly redisUrl: string;
  readonly provider: BenchProvider;
  readonly env?: Readonly<Record<string, string>>;
}

const RULES = [{ path: '/public/**', login: 'exempt' }];

/** `fullmakt login` as it is in production: on Redis, with its metrics. */
export async function startOurs({ appPort, redisUrl, provider, env = {} }: OursOptions): Promise<BenchServer> {
  const login = await startLoginCommand({
    FULLMAKT_LOGIN_INGRESS: `https://${HOST}`,
    FULLMAKT_LOGIN_UPSTREAM: `http://127.0.0.1:${appPort}`,
    FULLMAKT_LOGIN_PROVIDER: 'openid',
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: CLIENT_ID,
    FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: CLIENT_SECRET,
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: provider.wellKnownUrl,
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_SESSION_KEYS: SESSION_KEY,
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    FULLMAKT_LOGIN_STORE: redisUrl,
    FULLMAKT_LOGIN_RULES: JSON.stringify(RULES),
    FULLMAKT_LOGIN_SHUTDOWN_WAIT_BEFORE_PERIOD: '0s',
    ...env,
  });
  return serverOf(login.child, Number(new URL(login.origin).port));
}
