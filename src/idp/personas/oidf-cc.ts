import { GRANT } from '../../oauth/client-assertion.ts';
import type { GenericSettings } from './generic-settings.ts';
import { OIDF_FAPI2 } from './oidf-fapi2.ts';

/** FAPI 2.0 Security Profile for machines alone: one grant, no person, and so an OAuth server only. */
export const OIDF_CC: GenericSettings = {
  ...OIDF_FAPI2,
  name: 'oidf-cc',
  label: 'OIDF client credentials',
  grantTypes: [GRANT.clientCredentials],
  scopes: [],
};
