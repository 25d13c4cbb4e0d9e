import { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { isProvider } from '../principal.ts';
import type { Principal, Provider } from '../principal.ts';

function checkProviders(guard: string, providers: readonly string[]): void {
  if (providers.some((name) => Array.isArray(name))) {
    throw new ConfigError([`${guard}: names come one by one, not as a list`]);
  }
  const unknown = providers.filter((name) => !isProvider(name));
  if (unknown.length > 0)
    throw new ConfigError(
      unknown.map(
        (name) => `${guard}: ${name} is not a provider: entra_id, tokenx, idporten, maskinporten or oidc:<name>`,
      ),
    );
}

function requireKind<T extends Principal>(kind: 'user' | 'machine', providers: readonly Provider[]): Guard<T> {
  const issuers = providers.length === 0 ? 'any provider' : providers.join(' or ');
  checkProviders(kind === 'user' ? 'requireUser' : 'requireMachine', providers);
  return createGuard(`a ${kind} of ${issuers}`, (principal) => {
    const fits = principal.kind === kind && (providers.length === 0 || providers.includes(principal.provider));
    if (fits) return undefined;
    return new AuthError('wrong_kind', {
      explanation: `expected a ${kind} of ${issuers}, got kind ${principal.kind} of ${principal.provider}`,
    });
  });
}

/** The type does not tell generic issuers apart by name; the guard does. */
type Named<P extends Provider> = P extends `oidc:${string}` ? `oidc:${string}` : P;

/** A person, of one of the providers if any are named. A principal of unknown kind never passes. */
export function requireUser<P extends Provider = Provider>(
  ...providers: P[]
): Guard<Extract<Principal, { kind: 'user'; provider: Named<P> }>> {
  return requireKind('user', providers);
}

/** An application acting for itself, of one of the providers if any are named. */
export function requireMachine<P extends Provider = Provider>(
  ...providers: P[]
): Guard<Extract<Principal, { kind: 'machine'; provider: Named<P> }>> {
  return requireKind('machine', providers);
}
