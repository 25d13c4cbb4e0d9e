import type { TokenxGrant, TokenxTokenSettings } from '../../registry/model.ts';
import { object, optional } from '../object-shape.ts';
import { anything, flag, integer, list, listOr, oneOf, text } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { claimName, resourceUri, wholeAppId } from './forms.ts';

/** `spec.tokenx` as written. */
export interface RawTokenx {
  readonly enabled?: boolean;
  readonly token?: RawTokenxToken;
  readonly subjectIssuers?: readonly string[];
  readonly resources?: readonly string[];
  readonly grantTypes?: readonly TokenxGrant[];
  readonly defaultAudience?: string;
  readonly mountSecretsAsFilesOnly?: true;
}

/** `spec.tokenx.token` as written; durations in seconds. */
type RawTokenxToken = TokenxTokenSettings & { readonly dpop?: 'optional' | 'off' | 'required' };

const token: Shape<RawTokenxToken> = object<RawTokenxToken>({
  alg: optional(oneOf(['RS256', 'ES256', 'EdDSA', 'PS256']), { aliases: ['algorithm'] }),
  typ: optional(oneOf(['JWT', 'at+jwt'])),
  ttl: optional(integer(30, 3600), { aliases: ['lifetime', 'expiry'] }),
  capBySubject: optional(flag),
  maxSession: optional(integer(1, 7 * 86_400)),
  claims: optional(listOr<readonly string[], 'all' | 'all-legacy'>(list(claimName), oneOf(['all', 'all-legacy']))),
  act: optional(flag),
  azp: optional(flag),
  scope: optional(oneOf(['enforce', 'echo'])),
  limitScopeBySubject: optional(flag),
  dpop: optional(oneOf(['optional', 'off', 'required'])),
});

/** `spec.tokenx`. */
export const tokenxShape: Shape<RawTokenx> = object<RawTokenx>({
  enabled: optional(flag),
  token: optional(token),
  subjectIssuers: optional(list(text())),
  resources: optional(list(resourceUri, 20), { aliases: ['resource', 'identifiers', 'identifierUris'] }),
  grantTypes: optional(list(oneOf(['token-exchange', 'client_credentials'])), { aliases: ['grants', 'grant_types'] }),
  defaultAudience: optional(wholeAppId, { aliases: ['audience', 'defaultTarget'] }),
  mountSecretsAsFilesOnly: optional(anything),
});
