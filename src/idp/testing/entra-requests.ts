import type { SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import { OBO, tokensFor, visitEntra } from './entra.ts';
import { CLIENTS } from './rows.ts';
import { DESK_CALLBACK, redirected } from './sign-in.ts';
import { ASSERTION_TYPE, form, ISSUERS, TENANT } from './world.ts';
import type { World } from './world.ts';

type Fields = Readonly<Record<string, string>>;

/** The token endpoint of the tenant of test worlds. */
export const TOKEN: string = `${ISSUERS.entra}/${TENANT}/oauth2/v2.0/token`;
/** A scope that the client `desk` may have. */
export const API: string = `${CLIENTS.api}/.default`;

/** Requests that are good but for what is changed; `before` happens when everything is ready. */
export interface Requests {
  readonly token: (fields: Fields, url?: string) => Promise<Response>;
  readonly machine: (scope: string, change?: Fields) => Promise<Response>;
  readonly proven: (claims: Fields | Record<string, unknown>, change?: Fields, key?: SigningKey) => Promise<Response>;
  readonly visit: (change: Fields) => Promise<Response>;
  readonly redeem: (asked: Fields, change?: Fields, before?: () => void) => Promise<Response>;
  readonly refresh: (asked: Fields, change?: Fields, before?: () => void) => Promise<Response>;
  readonly obo: (asked: Fields, change?: Fields, before?: () => void) => Promise<Response>;
}

/** The requests at one world. */
export function requests(world: World): Requests {
  const client = { client_id: CLIENTS.desk, client_secret: 's3cret' };
  const token: Requests['token'] = (fields, url = TOKEN) => world.fetch(url, form(fields));
  const machine: Requests['machine'] = (scope, change = {}) =>
    token({ grant_type: 'client_credentials', ...client, scope, ...change });
  const visit: Requests['visit'] = (change) => visitEntra(world, change);
  const code = { grant_type: 'authorization_code', ...client, redirect_uri: DESK_CALLBACK };
  return {
    token,
    machine,
    visit,
    proven: async (claims, change = {}, key = world.key) => {
      const good = { iss: CLIENTS.desk, sub: CLIENTS.desk, aud: TOKEN, exp: world.clock.now + 60 };
      const client_assertion = await signJws({}, { ...good, ...claims }, key);
      return await machine(API, {
        client_secret: '',
        client_assertion,
        client_assertion_type: ASSERTION_TYPE,
        ...change,
      });
    },
    redeem: async (asked, change = {}, before = () => undefined) => {
      const found = redirected(await visit(asked)).get('code') ?? '';
      before();
      return await token({ ...code, code: found, ...change });
    },
    refresh: async (asked, change = {}, before = () => undefined) => {
      const { body } = await tokensFor(world, `openid offline_access ${CLIENTS.middle}/.default`, asked);
      before();
      return await token({
        grant_type: 'refresh_token',
        ...client,
        refresh_token: String(body['refresh_token']),
        ...change,
      });
    },
    obo: async (asked, change = {}, before = () => undefined) => {
      const { body } = await tokensFor(world, `openid ${CLIENTS.middle}/.default`, asked);
      before();
      const fields = { grant_type: OBO, requested_token_use: 'on_behalf_of', client_id: CLIENTS.middle };
      const secret = { client_secret: 's3cret', scope: API, assertion: String(body['access_token']) };
      return await token({ ...fields, ...secret, ...change });
    },
  };
}
