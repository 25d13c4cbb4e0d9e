import { GRANT } from '../../oauth/client-assertion.ts';
import type { GenericSettings } from './generic-settings.ts';
import { OPENID } from './openid.ts';

/** FAPI 2.0 Security Profile, but for the sender constraint: its tokens are bearer tokens, and its metadata promises nothing else. */
export const OIDF_FAPI2: GenericSettings = {
  ...OPENID,
  name: 'oidf-fapi2',
  label: 'OIDF FAPI 2.0',
  grantTypes: [GRANT.authorizationCode, GRANT.refreshToken],
  authMethods: ['private_key_jwt'],
  assertionAlgorithms: ['PS256', 'ES256', 'EdDSA'],
  assertionAudience: 'issuer',
  signingAlgorithms: ['PS256', 'ES256'],
  challenge: 'required',
  pushed: 'required',
  responseModes: ['query'],
  loopbackPorts: false,
  refreshUsage: 'reuse',
  userinfoPost: false,
  frontchannelLogout: false,
  backchannelLogout: false,
  resource: true,
};
