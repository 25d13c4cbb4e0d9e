import { createServer } from 'node:http';
import express from 'express';
import expressOpenid from 'express-openid-connect';
import type { BackchannelLogoutOptions } from 'express-openid-connect';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { IdportenRegistration } from '../../src/registry/model.ts';
import { createBrowser } from '../journeys/browser.ts';
import type { Browser } from '../journeys/browser.ts';
import { startLoginProxy } from './login-proxy.ts';
import { withFreePorts } from './ports.ts';
import { startProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { client, rows, SECRET, withSecret } from './rows.ts';

/** How our proxy is told of a logout elsewhere. */
export type Channel = 'front' | 'back';

/** Where the third application, which lives in the test, is sent back to. */
export const DESK_CALLBACK = 'http://desk.localhost/callback';

/** One ID-porten and three of its clients: our login proxy, express-openid-connect, and one whose browser goes no further than its callback. */
export interface SharedSignIn {
  readonly providers: Providers;
  /** The application behind our proxy. */
  readonly ours: string;
  /** The application of express-openid-connect. */
  readonly theirs: string;
  browser(): Browser;
  close(): Promise<void>;
}

/** Starts all on free ports. Close it, or the process stays. */
export function startSharedSignIn(channel: Channel): Promise<SharedSignIn> {
  return withFreePorts(2, async ([ourPort, theirPort]) => {
    const ours = `http://127.0.0.1:${ourPort}`;
    const theirs = `http://127.0.0.1:${theirPort}`;
    const jwk = await generatePrivateJwk('RS256', 'our-key');
    const secret = withSecret('client_secret_basic');
    const clients = [
      client('ours', 'ours-id', { keys: [publicJwk(jwk)], registration: ourRegistration(ours, channel) }),
      client('theirs', 'theirs-id', {
        keys: [],
        registration: idportenRegistration({
          redirectUris: [`${theirs}/callback`],
          // As it sends it: without a path.
          postLogoutRedirectUris: [theirs],
          backchannelLogoutUri: `${theirs}/backchannel-logout`,
          backchannelLogoutSessionRequired: true,
          ...secret,
        }),
      }),
      client('desk', 'desk-id', {
        keys: [],
        registration: idportenRegistration({ redirectUris: [DESK_CALLBACK], ...secret }),
      }),
    ];
    const providers = await startProviders(rows(clients), ['idporten']);
    const proxy = await startLoginProxy(new URL(ours), {
      FULLMAKT_LOGIN_PROVIDER: 'idporten',
      FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: `${providers.issuers.idporten}/.well-known/openid-configuration`,
      FULLMAKT_LOGIN_OPENID_CLIENT_ID: 'ours-id',
      FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(jwk),
      FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: 'https://ours.example.test',
    }).catch(async (error: unknown) => {
      await providers.close();
      throw error;
    });
    const closeTheirs = await startExpress(theirs, providers.issuers.idporten);
    return {
      providers,
      ours,
      theirs,
      browser: () =>
        createBrowser((url, init) =>
          url.startsWith(DESK_CALLBACK) ? Promise.resolve(new Response('')) : providers.browse(url, init),
        ),
      close: async () => {
        await closeTheirs();
        await proxy.close();
        await providers.close();
      },
    };
  });
}

function ourRegistration(ours: string, channel: Channel): IdportenRegistration {
  const front = { frontchannelLogoutUri: `${ours}/oauth2/logout/frontchannel` };
  const back = {
    backchannelLogoutUri: `${ours}/oauth2/logout/backchannel`,
    backchannelLogoutSessionRequired: true,
  };
  return idportenRegistration({
    redirectUris: [`${ours}/oauth2/callback`],
    postLogoutRedirectUris: [`${ours}/oauth2/logout/callback`],
    ...(channel === 'front' ? front : back),
  });
}

type LogoutStore = NonNullable<BackchannelLogoutOptions['store']>;

/** An application as its README has it: `/me` demands a sign-in, and it listens on the back channel. */
async function startExpress(baseURL: string, issuerBaseURL: string): Promise<() => Promise<void>> {
  const ended = new Map<string, Parameters<LogoutStore['set']>[1]>();
  const app = express();
  app.use(
    expressOpenid.auth({
      baseURL,
      issuerBaseURL,
      clientID: 'theirs-id',
      clientSecret: SECRET,
      clientAuthMethod: 'client_secret_basic',
      secret: 'for the cookies of these tests only',
      authRequired: false,
      idpLogout: true,
      authorizationParams: { response_type: 'code', scope: 'openid profile' },
      backchannelLogout: {
        store: {
          get: (id, callback) => callback(null, ended.get(id) ?? null),
          set: (id, mark, callback) => {
            ended.set(id, mark);
            callback?.();
          },
          destroy: (id, callback) => {
            ended.delete(id);
            callback?.();
          },
        },
      },
    }),
  );
  app.get('/me', expressOpenid.requiresAuth(), (request, response) => void response.json(request.oidc.user));
  app.get('/', (_request, response) => void response.send('open to all'));
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(new URL(baseURL).port), '127.0.0.1', resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}
