import { normaliseEntraTarget } from '../../oauth/grants/entra.ts';

/**
 * Why a target may not be asked for, by `FULLMAKT_SIDECAR_TARGETS`; undefined if it may. An empty list allows all. What goes upstream as
 * one target is one here, however it is spelled; of several Maskinporten scopes each has to be on the list.
 */
export function targetFault(
  { provider, target }: { readonly provider: string; readonly target: string },
  targets: readonly string[],
): string | undefined {
  if (targets.length === 0 || targets.includes(target)) return undefined;
  if (provider === 'entra_id') {
    const wanted = normaliseEntraTarget(target);
    if (targets.some((allowed) => normaliseEntraTarget(allowed) === wanted)) return undefined;
  }
  if (provider === 'maskinporten') {
    const scopes = target.split(' ').filter((scope) => scope !== '');
    if (scopes.length > 0 && scopes.every((scope) => targets.includes(scope))) return undefined;
  }
  return `target ${target} is not in FULLMAKT_SIDECAR_TARGETS`;
}
