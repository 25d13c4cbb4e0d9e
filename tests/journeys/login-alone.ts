import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { localFetch } from '../local-fetch.ts';
import { freePort } from '../servers/free-port.ts';
import { type Alone, startAlone, startWith } from './idp-alone.ts';
import { type Browser, createBrowser } from './browser.ts';

/** A local ID-porten that knows one client, an application, and the settings of a login proxy between them. */
export interface LoginGround {
  /** Where browsers reach the proxy. */
  readonly ingress: string;
  readonly folder: string;
  /** Settings of a proxy that signs in at ID-porten; its store and keys are left to the test. */
  readonly env: Readonly<Record<string, string>>;
  newBrowser(): Browser;
  /** The provider goes away, and comes back where it was. */
  stopProvider(): Promise<void>;
  startProvider(): Promise<void>;
  /** The application was asked for `/slow`, which it answers once it may. */
  readonly slow: { readonly asked: Promise<void>; answer(): void };
  close(): Promise<void>;
}

const SECRET = 'only-for-tests';

/** Starts ID-porten and the application. */
export async function startLoginGround(): Promise<LoginGround> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-login-alone-'));
  const port = await freePort();
  const ingress = `http://localhost:${port}`;
  const clients = join(folder, 'clients.yaml');
  writeFileSync(clients, clientsFile(ingress));
  const args = ['--dir', join(folder, 'idp'), '--clients', clients, '--only', 'idporten'];
  let provider: Alone = await startAlone(args);
  const asked = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const handle = async ({ path, headers }: HttpRequest): Promise<HttpResponse> => {
    if (path === '/slow') {
      asked.resolve();
      await leave.promise;
    }
    return json(200, { path, signedIn: headers.authorization?.startsWith('Bearer ') === true });
  };
  const app = await serve({ name: 'app', setting: '-', host: '127.0.0.1', port: 0, handle });
  const { caFile } = provider.summary.ca;
  const metadata = provider.summary.personas.find(({ name }) => name === 'idporten')?.metadata ?? '';
  return {
    ingress,
    folder,
    env: {
      NODE_EXTRA_CA_CERTS: caFile,
      FULLMAKT_LOGIN_INGRESS: ingress,
      FULLMAKT_LOGIN_BIND_ADDRESS: `localhost:${port}`,
      FULLMAKT_LOGIN_UPSTREAM: app.origin,
      FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
      FULLMAKT_LOGIN_PROVIDER: 'idporten',
      FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'my-app',
      FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: SECRET,
      FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: metadata,
      FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    },
    newBrowser: () => createBrowser(localFetch(caFile)),
    slow: { asked: asked.promise, answer: leave.resolve },
    stopProvider: async () => {
      await provider.stop();
    },
    startProvider: async () => {
      provider = await startWith(args, provider.env);
    },
    async close() {
      await provider.stop();
      await app.close(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function clientsFile(ingress: string): string {
  return `
idporten:
  - client_id: my-app
    token_endpoint_auth_method: client_secret_post
    client_secret: ${SECRET}
    redirect_uris: [${ingress}/oauth2/callback]
    post_logout_redirect_uris: [${ingress}/oauth2/logout/callback]
    frontchannel_logout_uri: ${ingress}/oauth2/logout/frontchannel
    frontchannel_logout_session_required: true
    scopes: [openid, profile]
`;
}
