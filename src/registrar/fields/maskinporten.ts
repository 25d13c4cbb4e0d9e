import { object, optional, required } from '../object-shape.ts';
import { flag, integer, list, oneOf, pattern, text } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { organisationNumber } from './forms.ts';

/** `spec.maskinporten` as written. */
export interface RawMaskinporten {
  readonly enabled?: boolean;
  readonly scopes?: {
    readonly consumes?: readonly { readonly name?: string }[];
    readonly exposes?: readonly RawExposed[];
  };
}

/** One exposed scope as written; its lifetime in seconds. */
export interface RawExposed {
  readonly enabled?: boolean;
  readonly product?: string;
  readonly name?: string;
  readonly separator?: string;
  readonly atMaxAge?: number;
  readonly consumers?: readonly { readonly orgno?: string; readonly name?: string }[];
  readonly accessibleForAll?: boolean;
  readonly visibility?: 'public' | 'private';
  readonly allowedIntegrations?: readonly string[];
  readonly delegationSource?: string;
}

/** No character that a scope may not have (RFC 6749 3.3), nor one that a shell or an environment file gives a meaning. */
const CONSUMED = /^(?=.{3,255}$)[^\s:"'`$\\]+:[^\s"'`$\\]+$/;

const exposed: Shape<RawExposed> = object<RawExposed>({
  enabled: required(flag),
  product: required(pattern(/^[a-z0-9]+$/, 'lower-case letters and digits')),
  name: required(
    pattern(/^[a-zæøå0-9]+([/:.][a-zæøå0-9]+)*$/, 'lower-case letters and digits, parts joined by / : or .'),
  ),
  separator: optional(oneOf(['/', ':', '.'])),
  atMaxAge: optional(integer(30, 680)),
  consumers: optional(list(object({ orgno: required(organisationNumber), name: optional(text()) }), 10_000)),
  accessibleForAll: optional(flag),
  visibility: optional(oneOf(['public', 'private'])),
  allowedIntegrations: optional(list(text())),
  delegationSource: optional(oneOf(['altinn'])),
});

/** `spec.maskinporten`. */
export const maskinportenShape: Shape<RawMaskinporten> = object<RawMaskinporten>({
  enabled: optional(flag),
  scopes: optional(
    object({
      consumes: optional(
        list(object({ name: required(pattern(CONSUMED, 'prefix:subscope without blanks or quotes, at most 255')) })),
      ),
      exposes: optional(list(exposed)),
    }),
  ),
});
