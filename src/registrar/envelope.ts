import { appId, isAppIdPart } from '../registry/app-id.ts';
import type { AppId } from '../registry/app-id.ts';
import { complain } from './reading.ts';
import type { Reading } from './reading.ts';
import { nearestName } from '../settings/nearest-name.ts';
import { member, textOf } from './tree.ts';
import type { Place, Tree } from './tree.ts';

/** Which kind of manifest a document is; undefined = none that is read. */
type Flavour = 'fullmakt' | 'nais' | 'naisjob';

/** The part of a document around its spec. */
export interface Envelope {
  readonly flavour: Flavour | undefined;
  readonly id: AppId | undefined;
  readonly nameAt: Place | undefined;
  /** False when the document is plainly something else. */
  readonly relevant: boolean;
  /** Our own annotations, without their prefix. */
  readonly annotations: Readonly<Record<string, string>>;
}

const TOP_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const OWN_PREFIX = 'fullmakt.dev/';
const OWN_ANNOTATIONS = ['on-delete', 'rotate', 'resync', 'adopt'];

/** Reads kind, namespace, name and annotations; notes what is wrong with them. */
export function readEnvelope(
  tree: Tree,
  reading: Reading,
  options: { readonly cluster: string; readonly namespace: string | undefined },
): Envelope {
  const none = { flavour: undefined, id: undefined, nameAt: undefined, annotations: {} };
  if (!TOP_FIELDS.some((name) => member(tree, name) !== undefined)) {
    if (reading.file.endsWith('.json')) return { ...none, relevant: false };
    complain(reading, '', tree.at, {
      type: 'Error',
      code: 'missing-field',
      message: 'not a manifest: apiVersion, kind, metadata and spec are expected',
    });
    return { ...none, relevant: true };
  }
  const flavour = readFlavour(tree, reading);
  if (flavour === undefined && isForeign(tree)) return { ...none, relevant: false };
  if (flavour === 'fullmakt') checkTopFields(tree, reading);
  const metadata = member(tree, 'metadata');
  const namespace = readNamespace(metadata ?? tree, reading, options.namespace);
  const name = readPart(member(metadata, 'name'), 'metadata.name', metadata ?? tree, reading);
  const id = namespace === undefined || name === undefined ? undefined : appId(options.cluster, namespace, name);
  const annotations = readAnnotations(member(metadata, 'annotations'), reading);
  return { flavour, id, nameAt: member(metadata, 'name')?.at, relevant: true, annotations };
}

function readFlavour(tree: Tree, reading: Reading): Flavour | undefined {
  const [version, kind] = [textOf(member(tree, 'apiVersion')), textOf(member(tree, 'kind'))];
  if (version === 'fullmakt.dev/v1' && kind === 'Application') return 'fullmakt';
  if ((version === 'nais.io/v1alpha1' || version === 'nais.io/v1') && kind === 'Application') return 'nais';
  if (version === 'nais.io/v1' && kind === 'Naisjob') return 'naisjob';
  const known = version === 'fullmakt.dev/v1' || version === 'nais.io/v1alpha1' || version === 'nais.io/v1';
  const path = known ? 'kind' : 'apiVersion';
  const at = member(tree, path)?.at ?? tree.at;
  const code = member(tree, path) === undefined ? 'missing-field' : 'invalid-value';
  const expected = 'apiVersion fullmakt.dev/v1 with kind Application (or nais.io Application, Naisjob)';
  const type = isForeign(tree) ? 'Info' : 'Error';
  complain(reading, path, at, { type, code, message: `expected ${expected}` });
  return undefined;
}

/** Some other Kubernetes object, not a misspelt manifest. */
function isForeign(tree: Tree): boolean {
  const [version, kind] = [textOf(member(tree, 'apiVersion')), textOf(member(tree, 'kind'))];
  if (version === undefined || kind === undefined) return false;
  return !/^(fullmakt|nais)\b/i.test(version) && nearestName(kind, ['Application', 'Naisjob']) === undefined;
}

function checkTopFields(tree: Tree, reading: Reading): void {
  if (tree.kind !== 'map') return;
  for (const { key, keyAt } of tree.entries) {
    if (TOP_FIELDS.includes(key)) continue;
    const near = nearestName(key, TOP_FIELDS);
    const places = reading.elsewhere.get(key);
    const hint =
      near === undefined ? places && `"${key}" belongs in ${places.join(' or ')}` : `did you mean "${near}"?`;
    complain(reading, key, keyAt, { type: 'Error', code: 'unknown-field', message: 'no such field', hint });
  }
}

/** The namespace of the folder and the field must agree; one of them must be there. */
function readNamespace(metadata: Tree, reading: Reading, folder: string | undefined): string | undefined {
  const field = member(metadata, 'namespace');
  if (field === undefined && folder !== undefined) {
    if (isAppIdPart(folder)) return folder;
    const message = `the folder ${folder} is no namespace name: expected lower-case letters, digits and inner hyphens`;
    complain(reading, 'metadata.namespace', metadata.at, { type: 'Error', code: 'invalid-value', message });
    return undefined;
  }
  const namespace = readPart(field, 'metadata.namespace', metadata, reading);
  if (field === undefined || namespace === undefined || folder === undefined || folder === namespace) return namespace;
  const message = `the folder says ${folder}, the manifest says ${namespace}`;
  complain(reading, 'metadata.namespace', field.at, { type: 'Error', code: 'conflict', message });
  return namespace;
}

function readPart(tree: Tree | undefined, path: string, parent: Tree, reading: Reading): string | undefined {
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) {
    complain(reading, path, parent.at, { type: 'Error', code: 'missing-field', message: `${path} is missing` });
    return undefined;
  }
  const text = textOf(tree);
  if (tree.kind === 'placeholder' || (text !== undefined && /\{\{(?:(?!\{\{).)*\}\}/.test(text))) {
    const message = 'an unrendered {{placeholder}}; render the manifest first';
    complain(reading, path, tree.at, { type: 'Error', code: 'template-placeholder', message });
    return undefined;
  }
  if (text !== undefined && isAppIdPart(text)) return text;
  const message = 'expected lower-case letters, digits and inner hyphens, at most 63';
  complain(reading, path, tree.at, { type: 'Error', code: 'invalid-value', message });
  return undefined;
}

function readAnnotations(tree: Tree | undefined, reading: Reading): Record<string, string> {
  const own: [string, string][] = [];
  for (const { key, keyAt, value } of tree?.kind === 'map' ? tree.entries : []) {
    if (!key.startsWith(OWN_PREFIX)) continue;
    const name = key.slice(OWN_PREFIX.length);
    const path = `metadata.annotations.${key}`;
    const text = value.kind === 'scalar' ? String(value.value) : '';
    const near = nearestName(name, OWN_ANNOTATIONS);
    const hint = near === undefined ? undefined : `did you mean "${OWN_PREFIX}${near}"?`;
    if (!OWN_ANNOTATIONS.includes(name)) {
      complain(reading, path, keyAt, { type: 'Error', code: 'unknown-field', message: 'no such annotation', hint });
    } else if (name === 'on-delete' && text !== 'delete' && text !== 'preserve') {
      complain(reading, path, value.at, {
        type: 'Error',
        code: 'invalid-value',
        message: 'expected delete or preserve',
      });
    } else if (text.length > 64) {
      complain(reading, path, value.at, {
        type: 'Error',
        code: 'invalid-value',
        message: 'expected at most 64 characters',
      });
    } else own.push([name, text]);
  }
  return Object.fromEntries(own);
}
