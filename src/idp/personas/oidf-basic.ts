import { GRANT } from '../../oauth/client-assertion.ts';
import type { GenericSettings } from './generic-settings.ts';
import { OPENID } from './openid.ts';

/** What the basic, logout and configuration plans of the OpenID Foundation are run against. PKCE and nonce are accepted and never demanded. */
export const OIDF_BASIC: GenericSettings = {
  ...OPENID,
  name: 'oidf-basic',
  label: 'OIDF basic',
  grantTypes: [GRANT.authorizationCode, GRANT.refreshToken],
  authMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  challenge: 'optional',
};
