import type { AppId } from '../registry/app-id.ts';
import { splitAppId } from '../registry/app-id.ts';
import type { App, InboundRule, WildcardGrants } from '../registry/model.ts';
import type { AppDraft, ParsedManifest } from './manifest.ts';
import { ownershipProblems } from './ownership.ts';
import type { Refusal } from './ownership.ts';
import { problemAt } from './problem.ts';
import type { Problem } from './problem.ts';
import { nearestName } from '../settings/nearest-name.ts';

/** What all manifests together mean: apps that may proceed, and what stands between the others. */
export interface ValidSet {
  readonly drafts: readonly AppDraft[];
  readonly problems: readonly AppProblem[];
}

/** A problem, and whose it is if that could be told. */
export interface AppProblem {
  readonly id: AppId | undefined;
  readonly problem: Problem;
}

/** Every app that some document speaks of, valid or not. */
export function presentIn(manifests: readonly ParsedManifest[]): ReadonlySet<AppId> {
  return new Set(manifests.flatMap(({ id }) => (id === undefined ? [] : [id])));
}

/**
 * Rules across apps (pipeline step 3): one document per app, one owner per ingress and scope, rules that name someone.
 * `registered` are the last good versions of the apps that stay; without them the documents are judged by themselves.
 */
export function validateTogether(
  manifests: readonly ParsedManifest[],
  options: {
    readonly wildcardGrants: WildcardGrants;
    readonly cluster: string;
    readonly registered?: readonly App[];
    /** Apps besides those of the documents that rules may name. */
    readonly others?: readonly AppId[];
  },
): ValidSet {
  const present = new Set([...presentIn(manifests), ...(options.others ?? [])]);
  const doubles = duplicateProblems(manifests);
  const single = withoutRefused(manifests, doubles);
  const taken = ownershipProblems(single, options.registered ?? []);
  const drafts = single.filter((draft) => !taken.some(({ id }) => id === draft.id));
  const problems = [
    ...manifests.flatMap(({ id, problems: own }) => own.map((problem) => ({ id, problem }))),
    ...doubles,
    ...taken,
    ...drafts.flatMap((draft) => ruleProblems(draft, present, options).map((problem) => ({ id: draft.id, problem }))),
    ...drafts.flatMap((draft) => targetProblems(draft, present, options).map((problem) => ({ id: draft.id, problem }))),
  ];
  return { drafts: drafts.toSorted((a, b) => (a.id < b.id ? -1 : 1)), problems };
}

function withoutRefused(manifests: readonly ParsedManifest[], refusals: readonly Refusal[]): readonly AppDraft[] {
  const refused = new Set(refusals.map(({ id }) => id));
  return manifests.flatMap(({ draft }) => (draft === undefined || refused.has(draft.id) ? [] : [draft]));
}

function duplicateProblems(manifests: readonly ParsedManifest[]): readonly Refusal[] {
  const byId = Map.groupBy(manifests, (manifest) => manifest.id);
  return [...byId].flatMap(([id, same]) => {
    if (id === undefined || same.length < 2) return [];
    return same.map((manifest) => {
      const others = same
        .filter((other) => other !== manifest)
        .map(({ position }) => `${position.file}:${position.line}`);
      const message = `${id} is also declared in ${others.join(', ')}`;
      return { id, problem: problemAt(manifest.position, { type: 'Error', code: 'duplicate-app', message }) };
    });
  });
}

function ruleProblems(
  draft: AppDraft,
  present: ReadonlySet<AppId>,
  options: { readonly wildcardGrants: WildcardGrants; readonly cluster: string },
): readonly Problem[] {
  const grants = draft.spec.tokenx !== undefined || draft.spec.azure !== undefined;
  return draft.spec.inbound.flatMap((rule) => {
    const problems: Problem[] = [];
    const isPattern = rule.application === '*' || rule.namespace === '*';
    if (isPattern && options.wildcardGrants === 'network-only') {
      const message = 'a rule with * opens the network but gives no token';
      problems.push(problemAt(rule.position, { type: 'Warning', code: 'wildcard-network-only', message }));
    }
    if (!isPattern && rule.cluster === options.cluster) problems.push(...unknownConsumer(rule, present));
    if (!grants && rule.roles.length + rule.scopes.length > 0) {
      const message = 'permissions have no effect: neither TokenX nor Entra is on for this app';
      problems.push(problemAt(rule.position, { type: 'Warning', code: 'unused-permissions', message }));
    }
    return problems;
  });
}

function unknownConsumer(rule: InboundRule, present: ReadonlySet<AppId>): readonly Problem[] {
  const wanted = `${rule.cluster}:${rule.namespace}:${rule.application}`;
  const ids = [...present];
  if (ids.some((id) => id === wanted)) return [];
  const name = `${rule.namespace}/${rule.application}`;
  const names = ids.map((id) => splitAppId(id)).map((each) => `${each.namespace}/${each.name}`);
  const sameName = names.find((each) => each.endsWith(`/${rule.application}`));
  const near = sameName ?? nearestName(name, names);
  const hint = near === undefined ? undefined : `did you mean ${near}?`;
  const message = `there is no app ${name}`;
  return [problemAt(rule.position, { type: 'Warning', code: 'unknown-consumer', message, hint })];
}

/** The target of requests that name none exists, as far as that can be told: other clusters are not seen from here. */
function targetProblems(
  { spec, positions }: AppDraft,
  present: ReadonlySet<AppId>,
  options: { readonly cluster: string },
): readonly Problem[] {
  const wanted = spec.tokenx?.defaultAudience;
  const at = positions['spec.tokenx.defaultAudience'];
  if (wanted === undefined || at === undefined || !wanted.startsWith(`${options.cluster}:`)) return [];
  const ids = [...present];
  if (ids.some((id) => id === wanted)) return [];
  const near = nearestName(wanted, ids);
  const hint = near === undefined ? undefined : `did you mean ${near}?`;
  return [problemAt(at, { type: 'Warning', code: 'unknown-target', message: `there is no app ${wanted}`, hint })];
}
