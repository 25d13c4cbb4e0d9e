import type { Snapshot } from '../registry/model.ts';
import type { ParsedManifest } from './manifest.ts';
import { problemAt } from './problem.ts';
import type { AppProblem } from './validate.ts';

/** Changes that no registration survives: an Error, and the app stays as it is. `defaultTenant` is that of apps that name none. */
export function immutableProblems(
  manifests: readonly ParsedManifest[],
  snapshot: Snapshot,
  defaultTenant: string,
): readonly AppProblem[] {
  return manifests.flatMap(({ draft }) => {
    const registered = draft && snapshot.clientOf(draft.id, 'azure')?.registration;
    if (draft === undefined || registered?.provider !== 'azure' || draft.spec.azure === undefined) return [];
    const tenant = draft.spec.azure.tenant ?? defaultTenant;
    if (registered.tenant === tenant || registered.tenant === undefined) return [];
    const path = 'spec.azure.application.tenant';
    const at = draft.positions['spec.azure.application'] ?? draft.positions['spec'];
    const message = `the tenant is ${registered.tenant} and cannot change; remove the app first`;
    const place = { file: at?.file ?? '', line: at?.line ?? 1, column: at?.column ?? 1, path };
    return [{ id: draft.id, problem: problemAt(place, { type: 'Error', code: 'immutable', message }) }];
  });
}
