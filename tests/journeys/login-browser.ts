import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { openTunnel } from '../adversarial/01-13-tunnel.ts';
import { launchChromium } from '../chromium.ts';
import { type LoginCommandProcess, startLoginCommand } from '../servers/login-command.ts';
import { type Alone, startAlone } from './idp-alone.ts';
import { startSites } from './login-browser-sites.ts';
import type { Site, Visit } from './login-browser-sites.ts';

const SECRET = 'only-for-tests';
const STEP_MS = 29 * 60 * 1000;
const CLOCK = new URL('../servers/login-clock.ts', import.meta.url).href;

/** An application behind a `fullmakt login` of its own. */
export interface App {
  readonly proxy: LoginCommandProcess;
  /** What reached the application. */
  readonly visits: readonly Visit[];
  readonly site: Site;
}

/** Local providers, proxies and sites under names that only this Chromium knows. */
export interface Ground {
  readonly chromium: Browser;
  /** Settings by which the application at a host signs in at ID-porten, or at Entra ID as its only or a further provider. */
  idporten(host: string): Readonly<Record<string, string>>;
  entra(host: string, prefix: string): Readonly<Record<string, string>>;
  /** Starts a proxy with an application behind it at `https://<host>`. */
  startApp(host: string, env: Readonly<Record<string, string>>): Promise<App>;
  /** A site without a proxy. */
  site(host: string): Site;
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Asks the control API of the providers. */
  control(path: string, method?: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** How often clients have asked ID-porten for tokens. */
  tokenCalls(): Promise<number>;
  /** Almost half an hour passes, at the providers and in every proxy: longer than an attempt lasts, shorter than ID-porten waits. */
  later(): Promise<void>;
  close(): Promise<void>;
}

/** Hosts with a client at each provider. */
interface GroundOptions {
  readonly idporten?: readonly string[];
  readonly entra?: readonly string[];
}

/** Starts providers, Chromium and the way between them. */
export async function startGround(options: GroundOptions): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-login-browser-'));
  const clients = join(folder, 'clients.yaml');
  writeFileSync(clients, clientsFile(options));
  const personas = [...(options.idporten ? ['idporten'] : []), ...(options.entra ? ['entra'] : [])];
  const only = personas.flatMap((name) => ['--only', name]);
  const [idp, sites, chromium] = await Promise.all([
    startAlone(['--dir', join(folder, 'idp'), '--clients', clients, ...only]),
    startSites(),
    launchChromium(),
  ]);
  const tunnel = await openTunnel(sites.ports);
  const apps: App[] = [];
  let ahead = 0;
  const control = controlOf(idp);
  return {
    chromium,
    control,
    site: (host) => sites.site(host),
    idporten: (host) => client(idp, 'idporten', { id: clientId(host), prefix: 'OPENID' }),
    entra: (host, prefix) => client(idp, 'entra', { id: entraId(host), prefix }),
    async startApp(host, env) {
      const site = sites.site(host);
      const proxy = await startLoginCommand({
        NODE_EXTRA_CA_CERTS: idp.summary.ca.caFile,
        NODE_OPTIONS: `--import=${CLOCK}`,
        TEST_CLOCK_STEP_MS: String(STEP_MS),
        TEST_CLOCK_AHEAD_MS: String(ahead * STEP_MS),
        FULLMAKT_LOGIN_INGRESS: `https://${host}`,
        FULLMAKT_LOGIN_UPSTREAM: site.origin,
        FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
        FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
        ...env,
      });
      sites.lead(host, Number(new URL(proxy.origin).port));
      const app = { proxy, site, visits: site.visits };
      apps.push(app);
      return app;
    },
    async newContext(more = {}) {
      const proxy = { server: tunnel.url, bypass: '127.0.0.1,localhost' };
      return chromium.newContext({ ignoreHTTPSErrors: true, proxy, ...more });
    },
    async tokenCalls() {
      const { counters = [] } = await control('/v1/requests?persona=idporten&endpoint=token');
      return Array.isArray(counters) ? counters.reduce((sum: number, each) => sum + Number(each?.requests ?? 0), 0) : 0;
    },
    async later() {
      ahead += 1;
      await control('/v1/clock', 'PUT', { offset: (ahead * STEP_MS) / 1000 });
      for (const { proxy } of apps) proxy.child.kill('SIGUSR2');
      // A process that answers twice has heard its signals.
      for (const { proxy } of apps) for (let time = 0; time < 2; time++) await fetch(`${proxy.metrics}/healthz`);
    },
    async close() {
      await chromium.close();
      await tunnel.close();
      await Promise.all(apps.map(({ proxy }) => proxy.stop('SIGKILL')));
      await idp.stop();
      await sites.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function controlOf({ summary }: Alone): Ground['control'] {
  return async (path, method = 'GET', body) => {
    const response = await fetch(summary.control.url + path, {
      method,
      headers: {
        authorization: `Bearer ${readFileSync(summary.control.tokenFile, 'utf8').trim()}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return Object(JSON.parse(text || '{}'));
  };
}

function clientId(host: string): string {
  return host.replaceAll('.', '-');
}

/** An application id that is the same for the same host. */
function entraId(host: string): string {
  return `00000000-0000-4000-8000-${Buffer.from(host).toString('hex').slice(0, 12).padStart(12, '0')}`;
}

function client(
  idp: Alone,
  persona: 'idporten' | 'entra',
  { id, prefix }: { readonly id: string; readonly prefix: string },
): Readonly<Record<string, string>> {
  return {
    [`FULLMAKT_LOGIN_${prefix}_CLIENT_ID`]: id,
    [`FULLMAKT_LOGIN_${prefix}_CLIENT_SECRET`]: SECRET,
    [`FULLMAKT_LOGIN_${prefix}_WELL_KNOWN_URL`]:
      idp.summary.personas.find(({ name }) => name === persona)?.metadata ?? '',
    ...(prefix === 'OPENID' ? { FULLMAKT_LOGIN_PROVIDER: persona } : {}),
  };
}

function clientsFile({ idporten = [], entra = [] }: GroundOptions): string {
  return JSON.stringify({
    idporten: idporten.map((host) => ({
      client_id: clientId(host),
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: SECRET,
      redirect_uris: [`https://${host}/oauth2/callback`],
      post_logout_redirect_uris: [`https://${host}/oauth2/logout/callback`],
      frontchannel_logout_uri: `https://${host}/oauth2/logout/frontchannel`,
      frontchannel_logout_session_required: true,
      grant_types: ['authorization_code', 'refresh_token'],
      access_token_lifetime: 3600,
      refresh_token_lifetime: 7200,
      authorization_lifetime: 7200,
      scopes: ['openid', 'profile'],
    })),
    ...(entra.length > 0 && {
      entra: entra.map((host) => ({
        appId: entraId(host),
        displayName: clientId(host),
        passwordCredentials: [{ secretText: SECRET }],
        redirectUris: [`https://${host}/oauth2/callback`, `https://${host}/oauth2/callback/entra`],
        logoutUrl: `https://${host}/oauth2/logout/frontchannel/entra`,
      })),
    }),
  });
}
