/** Why a target may not be asked for, by `FULLMAKT_SIDECAR_TARGETS`; undefined if it may. An empty list allows all. */
export function targetFault(target: string, targets: readonly string[]): string | undefined {
  if (targets.length === 0 || targets.includes(target)) return undefined;
  return `target ${target} is not in FULLMAKT_SIDECAR_TARGETS`;
}
