import type { AppId } from '../registry/app-id.ts';
import type { App } from '../registry/model.ts';
import type { AppDraft } from './manifest.ts';
import { problemAt } from './problem.ts';
import type { Problem } from './problem.ts';

/** Why an app may not have what it declares. */
export interface Refusal {
  readonly id: AppId;
  readonly problem: Problem;
}

type Version = Pick<App, 'id' | 'spec' | 'positions'>;

/** Something that belongs to one app only. */
interface Claim {
  readonly key: string;
  readonly what: string;
  readonly code: 'ingress-taken' | 'scope-owned';
  readonly path: string;
}

/**
 * One owner for each ingress and each Maskinporten scope: the app that has it and still declares it, else the first in the order
 * of files. `registered` are the last good versions of all apps that stay, which hold for those whose draft is missing or refused.
 */
export function ownershipProblems(drafts: readonly AppDraft[], registered: readonly Version[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  for (;;) {
    const refused = new Set(refusals.map(({ id }) => id));
    const standing = drafts.filter(({ id }) => !refused.has(id));
    const more = refusalsAmong(standing, registered);
    // Whoever is refused keeps what it had, and that may be what another one just took.
    if (more.length === 0) return refusals;
    refusals.push(...more);
  }
}

function refusalsAmong(drafts: readonly AppDraft[], registered: readonly Version[]): readonly Refusal[] {
  const owners = kept(drafts, registered);
  return drafts.flatMap((draft) =>
    claimsOf(draft).flatMap(({ key, what, code, path }) => {
      const owner = owners.get(key) ?? draft.id;
      owners.set(key, owner);
      if (owner === draft.id) return [];
      const at = draft.positions[path] ?? draft.positions['spec'] ?? { file: '', line: 1, column: 1, path };
      return [
        { id: draft.id, problem: problemAt(at, { type: 'Error', code, message: `${what} belongs to ${owner}` }) },
      ];
    }),
  );
}

/** Who goes on having what it has. */
function kept(drafts: readonly AppDraft[], registered: readonly Version[]): Map<string, AppId> {
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  return new Map(
    registered.flatMap((version) => {
      const declared = new Set(claimsOf(byId.get(version.id) ?? version).map(({ key }) => key));
      return claimsOf(version).flatMap(({ key }) => (declared.has(key) ? [[key, version.id] as const] : []));
    }),
  );
}

function claimsOf({ spec: { ingresses, maskinporten } }: Version): readonly Claim[] {
  return [
    ...ingresses.map((what) => ({ key: placeOf(what), what, code: 'ingress-taken', path: 'spec.ingresses' }) as const),
    ...(maskinporten?.exposes ?? []).map(
      ({ name }) => ({ key: `scope ${name}`, what: name, code: 'scope-owned', path: 'spec.maskinporten' }) as const,
    ),
  ];
}

/** Host and path, where a slash at the end makes no difference. */
function placeOf(ingress: string): string {
  const { host, pathname } = new URL(ingress);
  return `ingress ${host}${pathname.replace(/\/+$/, '')}`;
}
