import type { AppId } from '../registry/app-id.ts';
import type { App } from '../registry/model.ts';
import { canonicalResource } from '../registry/resources.ts';
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
  readonly code: 'ingress-taken' | 'resource-taken' | 'scope-owned';
  readonly path: string;
}

/**
 * One owner for each ingress, each resource identifier and each Maskinporten scope: the app that has it and still declares it, else the first in the order
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
  const before = kept(drafts, registered);
  const owners = new Map(before);
  const taken = drafts.flatMap((draft) =>
    claimsOf(draft).flatMap((claim) => {
      const owner = owners.get(claim.key) ?? draft.id;
      owners.set(claim.key, owner);
      return owner === draft.id ? [] : [refusal(draft, claim, owner)];
    }),
  );
  return [...taken, ...drafts.flatMap((draft) => foreignAddresses(draft, { before, owners }))];
}

/** A new resource identifier under the ingress of another app would catch the requests that mean that one. */
function foreignAddresses(
  draft: AppDraft,
  { before, owners }: { readonly before: ReadonlyMap<string, AppId>; readonly owners: ReadonlyMap<string, AppId> },
): readonly Refusal[] {
  return claimsOf(draft).flatMap((claim) => {
    if (claim.code !== 'resource-taken' || before.get(claim.key) === draft.id) return [];
    const owner = ingressOwner(claim.what, owners);
    return owner === undefined || owner === draft.id ? [] : [refusal(draft, claim, owner)];
  });
}

/** Whose ingress is the longest that an address lies under. */
function ingressOwner(address: string, owners: ReadonlyMap<string, AppId>): AppId | undefined {
  if (!/^https?:/i.test(address)) return undefined;
  const place = placeOf(address);
  for (let end = place.length; end > 0; end = place.lastIndexOf('/', end - 1)) {
    const owner = owners.get(place.slice(0, end));
    if (owner !== undefined) return owner;
  }
  return undefined;
}

function refusal(draft: AppDraft, { what, code, path }: Claim, owner: AppId): Refusal {
  const at = draft.positions[path] ?? draft.positions['spec'] ?? { file: '', line: 1, column: 1, path };
  return { id: draft.id, problem: problemAt(at, { type: 'Error', code, message: `${what} belongs to ${owner}` }) };
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

function claimsOf({ spec: { ingresses, tokenx, maskinporten } }: Version): readonly Claim[] {
  return [
    ...(tokenx?.resources ?? []).map((what) => {
      const key = `resource ${canonicalResource(what) ?? what}`;
      return { key, what, code: 'resource-taken', path: 'spec.tokenx.resources' } as const;
    }),
    ...ingresses.map((what) => ({ key: placeOf(what), what, code: 'ingress-taken', path: 'spec.ingresses' }) as const),
    ...(maskinporten?.exposes ?? []).map(
      ({ name }) => ({ key: `scope ${name}`, what: name, code: 'scope-owned', path: 'spec.maskinporten' }) as const,
    ),
  ];
}

/** Host and path, where a slash at the end makes no difference. */
function placeOf(ingress: string): string {
  const { host, pathname } = new URL(ingress);
  return `ingress ${host}${pathname.replace(/(?<!\/)\/+$/, '')}`;
}
