import type { AppId } from '../registry/app-id.ts';
import type { AppSpec, SourcePosition } from '../registry/model.ts';
import { readEnvelope } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { FIELD_INDEX, NAIS_FIELDS, specShape } from './fields/spec.ts';
import { hashOf } from './hash.ts';
import { normalise } from './normalise.ts';
import type { ParseOptions } from './parse-options.ts';
import { capProblems, hasError } from './problem.ts';
import type { Problem } from './problem.ts';
import { complain, mark } from './reading.ts';
import type { Reading } from './reading.ts';
import { member } from './tree.ts';
import type { Tree } from './tree.ts';

/** An app as its manifest has it, before the registry gave it a uid and a generation. */
export interface AppDraft {
  readonly id: AppId;
  readonly kind: string;
  readonly hash: string;
  readonly spec: AppSpec;
  readonly positions: Readonly<Record<string, SourcePosition>>;
}

/** One document read: whom it speaks of (if that could be told), the app (unless it has an Error), and every problem. */
export interface ParsedManifest {
  /** `namespace/name` known: the app counts as present, valid or not. */
  readonly id: AppId | undefined;
  readonly draft: AppDraft | undefined;
  /** False for a document that is no manifest at all and may be passed over. */
  readonly relevant: boolean;
  readonly problems: readonly Problem[];
  readonly position: SourcePosition;
}

/** The paths whose positions stay with an app, for messages that name a line later. */
const ANCHORS = [
  'spec',
  'spec.ingresses',
  'spec.login',
  'spec.tokenx',
  'spec.tokenx.resources',
  'spec.tokenx.defaultAudience',
  'spec.azure',
  'spec.azure.application',
  'spec.azure.application.claims',
  'spec.azure.application.claims.groups',
  'spec.idporten',
  'spec.maskinporten',
  'spec.accessPolicy',
  'spec.accessPolicy.inbound',
  'spec.accessPolicy.inbound.rules',
];

/** Reads one document (pure; pipeline steps 2 and 3 for one app). Never throws; every problem is in the result. */
export function parseManifest(tree: Tree, options: ParseOptions): ParsedManifest {
  const reading: Reading = {
    file: options.file,
    unknownFields: 'Error',
    elsewhere: FIELD_INDEX,
    problems: [],
    positions: new Map(),
  };
  const envelope = readEnvelope(tree, reading, options);
  const position = { file: options.file, ...(envelope.nameAt ?? tree.at), path: 'metadata.name' };
  const { id, relevant } = envelope;
  const read = envelope.flavour === undefined ? undefined : readSpec(tree, envelope, reading, options);
  const problems = capProblems(reading.problems);
  const draft = id === undefined || read === undefined || hasError(reading.problems) ? undefined : { id, ...read };
  return { id, draft, relevant, problems, position };
}

function readSpec(tree: Tree, envelope: Envelope, first: Reading, options: ParseOptions): Omit<AppDraft, 'id'> {
  const nais = envelope.flavour !== 'fullmakt';
  const reading: Reading = { ...first, unknownFields: nais ? 'Warning' : 'Error' };
  const spec = member(tree, 'spec') ?? { kind: 'map', at: tree.at, entries: [] };
  const specKey = tree.kind === 'map' ? tree.entries.find((entry) => entry.key === 'spec') : undefined;
  mark(reading, 'spec', specKey?.keyAt ?? tree.at);
  const raw = specShape.read(nais ? withoutIgnored(spec, reading) : spec, 'spec', reading) ?? {};
  const normalised = normalise({ raw, tree: spec, envelope, reading, options });
  const positions = Object.fromEntries(
    ANCHORS.flatMap((path) => {
      const found = reading.positions.get(path);
      return found === undefined ? [] : [[path, found]];
    }),
  );
  const kind = envelope.flavour === 'naisjob' ? 'Naisjob' : 'Application';
  const hash = hashOf({ kind, spec: normalised, positions, annotations: envelope.annotations });
  return { kind, spec: normalised, positions, hash };
}

function withoutIgnored(spec: Tree, reading: Reading): Tree {
  if (spec.kind !== 'map') return spec;
  const read = spec.entries.filter((entry) => NAIS_FIELDS.has(entry.key));
  for (const { key, keyAt } of spec.entries) {
    if (NAIS_FIELDS.has(key)) continue;
    complain(reading, `spec.${key}`, keyAt, { type: 'Info', code: 'ignored-field', message: 'has no effect here' });
  }
  return { ...spec, entries: read };
}
