import { object, optional } from '../object-shape.ts';
import { flag, integer, list, oneOf, text } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { secureUrl } from './forms.ts';
import { idportenSidecarShape } from './login.ts';
import type { RawLoginSidecar } from './login.ts';

/** `spec.idporten` as written; lifetimes in seconds. */
export interface RawIdporten {
  readonly enabled?: boolean;
  readonly accessTokenLifetime?: number;
  readonly sessionLifetime?: number;
  readonly scopes?: readonly string[];
  readonly ssoDisabled?: boolean;
  readonly integrationType?: string;
  readonly clientURI?: string;
  readonly postLogoutRedirectURIs?: readonly string[];
  readonly sidecar?: RawLoginSidecar;
}

/** `spec.idporten`. */
export const idportenShape: Shape<RawIdporten> = object<RawIdporten>({
  enabled: optional(flag),
  accessTokenLifetime: optional(integer(1, 3600)),
  sessionLifetime: optional(integer(3600, 28800)),
  scopes: optional(list(text())),
  ssoDisabled: optional(flag),
  integrationType: optional(oneOf(['idporten', 'krr', 'api_klient'])),
  clientURI: optional(secureUrl),
  postLogoutRedirectURIs: optional(list(secureUrl)),
  sidecar: optional(idportenSidecarShape),
});
