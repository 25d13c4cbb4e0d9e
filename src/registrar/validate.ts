import type { AppId } from '../registry/app-id.ts';
import { splitAppId } from '../registry/app-id.ts';
import type { InboundRule, SourcePosition, WildcardGrants } from '../registry/model.ts';
import type { AppDraft, ParsedManifest } from './manifest.ts';
import { problemAt } from './problem.ts';
import type { Problem } from './problem.ts';
import { nearestName } from './suggest.ts';

/** What all manifests together mean: apps that may proceed, and what stands between the others. */
export interface ValidSet {
  readonly drafts: readonly AppDraft[];
  /** Every app that some document speaks of, valid or not. */
  readonly present: ReadonlySet<AppId>;
  readonly problems: readonly AppProblem[];
}

/** A problem, and whose it is if that could be told. */
export interface AppProblem {
  readonly id: AppId | undefined;
  readonly problem: Problem;
}

/** Rules across apps (pipeline step 3): one document per app, one owner per ingress, rules that name someone. */
export function validateTogether(
  manifests: readonly ParsedManifest[],
  options: { readonly wildcardGrants: WildcardGrants; readonly cluster: string },
): ValidSet {
  const present = new Set(manifests.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const doubles = duplicateProblems(manifests);
  const taken = ingressProblems(manifests);
  const refused = new Set([...doubles, ...taken].map(({ id }) => id));
  const drafts = manifests.flatMap(({ draft }) => (draft === undefined || refused.has(draft.id) ? [] : [draft]));
  const problems = [
    ...manifests.flatMap(({ id, problems: own }) => own.map((problem) => ({ id, problem }))),
    ...doubles,
    ...taken,
    ...drafts.flatMap((draft) => ruleProblems(draft, present, options).map((problem) => ({ id: draft.id, problem }))),
  ];
  return { drafts: drafts.toSorted((a, b) => (a.id < b.id ? -1 : 1)), present, problems };
}

type Refusal = { readonly id: AppId; readonly problem: Problem };

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

/** The first app by file order keeps the ingress. */
function ingressProblems(manifests: readonly ParsedManifest[]): readonly Refusal[] {
  const owners = new Map<string, AppDraft>();
  return manifests.flatMap(({ draft }) => {
    if (draft === undefined) return [];
    return draft.spec.ingresses.flatMap((ingress) => {
      const { host, pathname } = new URL(ingress);
      const owner = owners.get(`${host}${pathname}`);
      if (owner === undefined) owners.set(`${host}${pathname}`, draft);
      if (owner === undefined || owner.id === draft.id) return [];
      const message = `${ingress} belongs to ${owner.id}`;
      const problem = problemAt(placeOf(draft, 'spec.ingresses'), { type: 'Error', code: 'ingress-taken', message });
      return [{ id: draft.id, problem }];
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

function placeOf(draft: AppDraft, path: string): SourcePosition {
  return draft.positions[path] ?? draft.positions['spec'] ?? { file: '', line: 1, column: 1, path };
}
