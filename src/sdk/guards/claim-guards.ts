import { parseOnly } from './any-all.ts';
import type { AnyAll } from './any-all.ts';
import { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import type { EntraMachine, EntraUser, MaskinportenMachine, Principal, TokenxMachine } from '../principal.ts';
import type { NonEmpty } from '../result.ts';

/** The scope, or any or all of several, exactly as spelled. */
export function requireScope(rule: AnyAll): Guard;
export function requireScope(...rule: readonly [AnyAll]): Guard {
  const wanted = parseOnly(rule, 'requireScope');
  return createGuard(`scope ${wanted.text}`, (principal) => {
    if (wanted.satisfiedBy(principal.scopes)) return undefined;
    const line =
      principal.provider === 'maskinporten'
        ? 'the consumer has to list it in its spec.maskinporten.scopes.consumes, and this organisation has to grant it'
        : "add it to permissions.scopes of the caller's rule in spec.accessPolicy.inbound.rules of this app";
    return new AuthError('scope_missing', {
      scope: wanted.values.join(' '),
      explanation: `expected scope ${wanted.text}, got ${list(principal.scopes)}; ${line}`,
    });
  });
}

function rolesOf(principal: Principal): readonly string[] {
  const carriesRoles =
    principal.provider === 'entra_id' || (principal.provider === 'tokenx' && principal.kind === 'machine');
  return carriesRoles ? (principal.claims.roles ?? []) : [];
}

/** An application role of Entra ID, or of a TokenX machine token. */
export function requireRole(rule: AnyAll): Guard<EntraUser | EntraMachine | TokenxMachine>;
export function requireRole(...rule: readonly [AnyAll]): Guard<EntraUser | EntraMachine | TokenxMachine> {
  const wanted = parseOnly(rule, 'requireRole');
  return createGuard(`role ${wanted.text}`, (principal) => {
    const roles = rolesOf(principal);
    if (wanted.satisfiedBy(roles)) return undefined;
    return new AuthError('role_missing', {
      explanation: `expected role ${wanted.text}, got ${list(roles)}; add it to permissions.roles of the caller's rule in spec.accessPolicy.inbound.rules of this app`,
    });
  });
}

/** A group of an Entra ID user, by object id. Too many groups to list is a refusal of its own, never a guess. */
export function requireGroup(rule: AnyAll): Guard<EntraUser>;
export function requireGroup(...rule: readonly [AnyAll]): Guard<EntraUser> {
  const wanted = parseOnly(rule, 'requireGroup');
  return createGuard(`group ${wanted.text}`, (principal) => {
    const isUser = principal.provider === 'entra_id' && principal.kind === 'user';
    const groups = isUser ? (principal.claims.groups ?? []) : [];
    if (wanted.satisfiedBy(groups)) return undefined;
    const overage = isUser && Object.hasOwn(principal.claims['_claim_names'] ?? {}, 'groups');
    return new AuthError(overage ? 'groups_overage' : 'group_missing', {
      explanation: overage
        ? 'the user is in more groups than fit into a token; name the groups of interest in spec.azure.application.claims.groups of this app'
        : `expected group ${wanted.text}, got ${list(groups)}; the group has to be in spec.azure.application.claims.groups of this app and the user a direct member of it`,
    });
  });
}

/** An organisation, by number, as the consumer in a Maskinporten token. */
export function requireConsumer(...organisationNumbers: NonEmpty<string>): Guard<MaskinportenMachine> {
  const numbers: readonly string[] = organisationNumbers;
  const wrong = numbers.filter((number) => typeof number !== 'string' || !/^\d{9}$/.test(number));
  if (numbers.length === 0 || wrong.length > 0) {
    throw new ConfigError([
      `requireConsumer: organisation numbers of nine digits are needed${wrong.map((text) => `, not ${text}`).join('')}`,
    ]);
  }
  return createGuard(`consumer ${numbers.join(' or ')}`, (principal) => {
    const consumer = principal.provider === 'maskinporten' ? principal.claims.consumer.ID : undefined;
    if (numbers.some((number) => consumer === `0192:${number}`)) return undefined;
    return new AuthError('consumer_not_allowed', {
      explanation: `expected consumer ${numbers.join(' or ')}, got ${consumer ?? 'none'}; its number has to be in the scope's consumers under spec.maskinporten.scopes.exposes of this app`,
    });
  });
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
}
