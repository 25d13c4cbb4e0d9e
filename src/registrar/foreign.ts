import type { AppId } from '../registry/app-id.ts';
import type { App, Snapshot } from '../registry/model.ts';
import { mayWrite } from '../registry/owner.ts';
import type { ParsedManifest } from './manifest.ts';
import { problemAt } from './problem.ts';
import type { AppProblem } from './validate.ts';

/** The apps that manifests declared: nobody else's is changed, removed or handed anything. */
export function ownApps(snapshot: Snapshot): readonly App[] {
  return [...snapshot.apps()].filter((app) => mayWrite(app, undefined));
}

/** The apps that operators registered at TokenX. */
export function foreignApps(snapshot: Snapshot): readonly AppId[] {
  return [...snapshot.apps()].flatMap(({ id }) => (isForeign(id, snapshot) ? [id] : []));
}

/** Whether the app is an operator's, who registered it at TokenX. */
export function isForeign(id: AppId, snapshot: Snapshot): boolean {
  return !mayWrite(snapshot.app(id), undefined);
}

/** One Error for each manifest whose app an operator has: it is not applied, and the operator's stays as it is. */
export function foreignProblems(manifests: readonly ParsedManifest[], snapshot: Snapshot): readonly AppProblem[] {
  return manifests.flatMap(({ id, position }) => {
    if (id === undefined || !isForeign(id, snapshot)) return [];
    const message = `${id} belongs to ${snapshot.app(id)?.source}, who registered it at TokenX; remove it there first`;
    return [{ id, problem: problemAt(position, { type: 'Error', code: 'duplicate-app', message }) }];
  });
}
