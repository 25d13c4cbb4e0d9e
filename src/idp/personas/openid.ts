import { GRANT } from '../../oauth/client-assertion.ts';
import type { GenericSettings } from './generic-settings.ts';

/** An OpenID provider for everybody who has one that is not built in here: by the book, with every usual way in. */
export const OPENID: GenericSettings = {
  name: 'openid',
  label: 'OpenID',
  grantTypes: [GRANT.authorizationCode, GRANT.refreshToken, GRANT.clientCredentials],
  acrs: ['substantial', 'high'],
  authMethods: ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'],
  assertionAlgorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA'],
  assertionAudience: 'endpoint',
  signingAlgorithms: ['RS256', 'ES256'],
  challenge: 'public-clients',
  pushed: 'offered',
  responseModes: ['query', 'form_post'],
  loopbackPorts: true,
  scopes: ['openid', 'profile', 'email', 'phone', 'address', 'offline_access'],
  subjects: 'public',
  atHash: true,
  accessTokenSeconds: 3600,
  idTokenSeconds: 300,
  refreshUsage: 'one-time',
  userinfoPost: true,
  frontchannelLogout: true,
  backchannelLogout: true,
  resource: false,
};
