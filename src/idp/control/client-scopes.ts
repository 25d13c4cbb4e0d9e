import { z } from 'zod';
import type { MaskinportenScope } from '../../registry/model.ts';
import type { ScopeWish } from '../clients/overlay.ts';
import * as field from '../clients/fields.ts';

/** What a scope is, by the names of Digdir's self-service. Times in seconds. */
interface ScopeObject {
  readonly name: string;
  readonly access?: boolean | undefined;
  readonly owner_orgno: string;
  readonly active: boolean;
  readonly at_max_age: number;
  readonly accessible_for_all: boolean;
  readonly allowed_integration_types?: readonly string[] | undefined;
  readonly delegation_source?: string | undefined;
  readonly requires_user_authentication?: boolean | undefined;
  readonly requires_pseudonymous_tokens?: boolean | undefined;
  readonly token_type?: 'SELF_CONTAINED' | 'OPAQUE' | undefined;
}

/** A scope in a registration: its name, or an object. */
export type ScopeEntry = string | ScopeObject;

const scopeObject = z.strictObject({
  name: field.text,
  /** Whether the client's organisation may use it; where no manifest knows the scope: yes. */
  access: z.boolean().optional(),
  owner_orgno: field.orgno.default(field.DEFAULT_ORGNO),
  active: z.boolean().default(true),
  at_max_age: field.seconds.default(120),
  accessible_for_all: z.boolean().default(false),
  allowed_integration_types: z.array(field.text).optional(),
  delegation_source: field.text.optional(),
  requires_user_authentication: z.boolean().optional(),
  requires_pseudonymous_tokens: z.boolean().optional(),
  token_type: z.enum(['SELF_CONTAINED', 'OPAQUE']).optional(),
});

/** Reads a {@link ScopeEntry}. */
export const scopeEntry: z.ZodType<ScopeEntry> = z.union([field.text, scopeObject]);

/** What a scope entry names. */
export function nameOfScope(entry: ScopeEntry): string {
  return typeof entry === 'string' ? entry : entry.name;
}

/** A scope as a client brings it. */
export function wishOf(entry: ScopeEntry): ScopeWish {
  const scope = typeof entry === 'string' ? scopeObject.parse({ name: entry }) : entry;
  const row = {
    ownerOrgno: scope.owner_orgno,
    enabled: scope.active,
    accessibleForAll: scope.accessible_for_all,
    atMaxAge: scope.at_max_age,
    ...(scope.allowed_integration_types === undefined ? {} : { allowedIntegrations: scope.allowed_integration_types }),
    ...(scope.delegation_source === undefined ? {} : { delegationSource: scope.delegation_source }),
    ...(scope.requires_user_authentication === undefined ? {} : { pidAllowed: scope.requires_user_authentication }),
    ...(scope.token_type === undefined ? {} : { tokenType: scope.token_type }),
    ...(scope.requires_pseudonymous_tokens === undefined
      ? {}
      : { requiresPseudonymousTokens: scope.requires_pseudonymous_tokens }),
  };
  return { name: scope.name, access: scope.access, told: typeof entry !== 'string', row };
}

/** A scope with what is known of it. */
export function showScope(name: string, scope: MaskinportenScope | undefined, orgno: string): object {
  if (scope === undefined) return { name, access: false };
  return {
    name,
    access: scope.enabled && (scope.accessibleForAll || scope.consumers.includes(orgno)),
    owner_orgno: scope.ownerOrgno,
    active: scope.enabled,
    at_max_age: scope.atMaxAge,
    accessible_for_all: scope.accessibleForAll,
    allowed_integration_types: scope.allowedIntegrations,
    delegation_source: scope.delegationSource,
    requires_user_authentication: scope.pidAllowed,
    requires_pseudonymous_tokens: scope.requiresPseudonymousTokens,
    token_type: scope.tokenType,
  };
}
