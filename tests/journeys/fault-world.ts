import assert from 'node:assert/strict';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import type { PersonaName } from '../../src/idp/persona-names.ts';
import type { LoginEvent } from '../../src/login/events.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk, PublicJwk } from '../../src/oauth/jwk.ts';
import type { Client, IdportenRegistration } from '../../src/registry/model.ts';
import { startLoginProxy } from '../strangers/login-proxy.ts';
import { withFreePorts } from '../strangers/ports.ts';
import { startProviders } from '../strangers/providers.ts';
import type { Providers } from '../strangers/providers.ts';
import { azureApplication, client, rows } from '../strangers/rows.ts';
import { guid } from '../../src/idp/testing/rows.ts';
import { createBrowser } from './browser.ts';
import type { Browser } from './browser.ts';
import { createSlowTime } from './slow-time.ts';
import type { SlowTime } from './slow-time.ts';

/** A fault as the control API takes it; the persona is that of the world. Once unless told. */
export interface FaultSwitch {
  readonly fault: string;
  readonly endpoint?: string;
  readonly times?: number;
}

/** Our login proxy in front of an application, signing in at a local provider whose faults are switched on over HTTP. */
export interface FaultWorld {
  /** The public address of the application, without a path. */
  readonly ingress: string;
  readonly providers: Providers;
  /** The one clock of proxy and provider, seconds since the epoch. */
  readonly clock: { now: number };
  readonly slow: SlowTime;
  readonly events: LoginEvent[];
  /** What the proxy asked of the provider since the last `calm`, each as its path. */
  readonly asked: string[];
  readonly clientKey: PrivateJwk;
  browser(): Browser;
  switchOn(...faults: readonly FaultSwitch[]): Promise<void>;
  /** How often the faults that are on have acted. */
  hits(): Promise<number>;
  /** No faults, nothing asked, no events; and a minute goes by, so that no cool-down is left over. */
  calm(): Promise<void>;
  close(): Promise<void>;
}

/** Which provider, and what is different from the usual. */
export interface FaultWorldOptions {
  readonly persona: Extract<PersonaName, 'idporten' | 'entra'>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly registration?: Partial<IdportenRegistration>;
  /** The host of the application; the provider is on `localhost`. */
  readonly host?: 'localhost' | '127.0.0.1';
  /** The key the provider knows, if it is not the one the proxy has. */
  readonly registeredKey?: PublicJwk;
}

const START = 1_800_000_000;
const MINUTE = 60;
const CLIENT_IDS = { idporten: 'portal-id', entra: guid(0x10) };

/** Starts both on free ports. Close it, or the process stays. */
export async function openFaultWorld(options: FaultWorldOptions): Promise<FaultWorld> {
  const { persona, host = 'localhost' } = options;
  const clock = { now: START };
  const now = (): number => clock.now;
  const slow = createSlowTime();
  const clientKey = await generatePrivateJwk('RS256', 'client-key');
  const events: LoginEvent[] = [];
  const asked: string[] = [];
  const { providers, proxy, ingress } = await withFreePorts(1, async ([port]) => {
    const address = `http://${host}:${port}`;
    const registered = clientAt(address, options, options.registeredKey ?? publicJwk(clientKey));
    const made = await startProviders(rows([registered]), [persona], { now, wait: slow.wait });
    const settings = { ...settingsFor(made, persona, clientKey), ...options.settings };
    const parts = {
      now,
      emit: (event: LoginEvent): void => void events.push(event),
      fetch: (url: string, init?: RequestInit): Promise<Response> => {
        asked.push(new URL(url).pathname);
        return made.fetch(url, init);
      },
    };
    try {
      return { providers: made, ingress: address, proxy: await startLoginProxy(new URL(address), settings, parts) };
    } catch (error) {
      await made.close();
      throw error;
    }
  });

  return {
    ingress,
    providers,
    clock,
    slow,
    events,
    asked,
    clientKey,
    browser: () => createBrowser(providers.browse),
    switchOn: async (...faults) => {
      for (const fault of faults) {
        const answer = await providers.control('POST', '/v1/faults', { persona, ...fault });
        assert.equal(answer.status, 201, await answer.text());
      }
    },
    hits: async () => {
      const answer = await providers.control('GET', '/v1/faults');
      // oxlint-disable-next-line typescript/consistent-type-assertions -- the control API of this process
      const { faults } = (await answer.json()) as { faults: readonly { readonly hits: number }[] };
      return faults.reduce((sum, { hits }) => sum + hits, 0);
    },
    calm: async () => {
      await providers.control('DELETE', '/v1/faults');
      asked.length = 0;
      events.length = 0;
      clock.now += MINUTE;
    },
    close: async () => {
      await proxy.close();
      await providers.close();
    },
  };
}

function clientAt(address: string, { persona, registration }: FaultWorldOptions, key: PublicJwk): Client {
  const redirectUris = [`${address}/oauth2/callback`];
  const keys = [key];
  if (persona === 'entra') {
    return client('portal', CLIENT_IDS.entra, { keys, registration: azureApplication('portal', 1, { redirectUris }) });
  }
  return client('portal', CLIENT_IDS.idporten, {
    keys,
    registration: idportenRegistration({
      redirectUris,
      postLogoutRedirectUris: [`${address}/oauth2/logout/callback`],
      frontchannelLogoutUri: `${address}/oauth2/logout/frontchannel`,
      ...registration,
    }),
  });
}

function settingsFor(
  { issuers }: Providers,
  persona: FaultWorldOptions['persona'],
  key: PrivateJwk,
): Readonly<Record<string, string>> {
  return {
    FULLMAKT_LOGIN_PROVIDER: persona,
    FULLMAKT_LOGIN_OPENID_WELL_KNOWN_URL: `${issuers[persona]}/.well-known/openid-configuration`,
    FULLMAKT_LOGIN_OPENID_CLIENT_ID: CLIENT_IDS[persona],
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: JSON.stringify(key),
    ...(persona === 'idporten' ? { FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: 'https://portal.example.test' } : {}),
  };
}
