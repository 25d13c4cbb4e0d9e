import type { PersonaName } from '../persona-names.ts';
import { entraClients } from './client-entra.ts';
import { idportenClients } from './client-idporten.ts';
import type { ClientKind } from './client-kind.ts';
import { maskinportenClients } from './client-maskinporten.ts';
import { openidClients } from './client-openid.ts';

/** How clients of each persona are written. */
export const CLIENT_KINDS: Readonly<Record<PersonaName, ClientKind>> = {
  idporten: idportenClients,
  entra: entraClients,
  maskinporten: maskinportenClients,
  openid: openidClients,
  'oidf-basic': openidClients,
  'oidf-fapi2': openidClients,
  'oidf-cc': openidClients,
};
