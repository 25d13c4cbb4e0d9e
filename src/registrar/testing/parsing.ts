import assert from 'node:assert/strict';
import { parseManifest } from '../manifest.ts';
import type { ParsedManifest } from '../manifest.ts';
import { formatProblem } from '../problem.ts';
import { parseYaml } from '../yaml-tree.ts';

/** Where manifests of tests come from. */
export const options: Parameters<typeof parseManifest>[1] = {
  cluster: 'local',
  file: 'apps/team-a/soknad.yaml',
  folder: '/srv/apps/team-a',
  namespace: 'team-a',
  naisIdentityMode: 'both',
  entraTenants: [],
  prefixOf: () => 'example',
};

/** Reads one manifest. */
export function parse(yaml: string): ParsedManifest {
  const [document] = parseYaml(Buffer.from(yaml));
  assert.ok(document?.ok, JSON.stringify(document));
  return parseManifest(document.tree, options);
}

/** A manifest of ours with this spec. */
export function ours(spec: string): string {
  const indented = spec.replaceAll(/^/gm, '  ');
  return `apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: soknad}\nspec:\n${indented}\n`;
}

/** What is said about a manifest. */
export function said(yaml: string): readonly string[] {
  return parse(yaml).problems.map(formatProblem);
}
