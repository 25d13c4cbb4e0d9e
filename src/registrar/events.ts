import type { EventTable } from '../observe/events.ts';

/** What the registrar tells. */
export type RegistrarEvent =
  | ManifestEvent<'manifest.invalid'>
  | ManifestEvent<'manifest.warned'>
  | {
      readonly event: 'plan.applied';
      readonly version: number;
      readonly created: number;
      readonly changed: number;
      readonly removed: number;
      readonly seconds: number;
    }
  | AccessEvent<'access.gained'>
  | AccessEvent<'access.lost'>
  | {
      readonly event: 'key.created';
      readonly app: string;
      readonly provider: string;
      readonly kid: string;
      readonly state: string;
    }
  | { readonly event: 'prune.held'; readonly apps: readonly string[] }
  | { readonly event: 'apply.failed'; readonly cause: unknown };

interface ManifestEvent<E extends string> {
  readonly event: E;
  /** `file:line:column type code path: message` */
  readonly text: string;
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface AccessEvent<E extends string> {
  readonly event: E;
  readonly consumer: string;
  readonly target: string;
  readonly provider: string;
}

/** What becomes of each. */
export const registrarEvents: EventTable<RegistrarEvent> = {
  'manifest.invalid': {
    level: 'error',
    counter: { name: 'fullmakt_registrar_manifest_errors_total', help: 'Errors in manifests', labels: ['code'] },
  },
  'manifest.warned': { level: 'warn' },
  'plan.applied': {
    level: 'info',
    audit: true,
    histogram: {
      name: 'fullmakt_registrar_apply_seconds',
      help: 'Reading, planning and applying',
      field: 'seconds',
      labels: [],
    },
  },
  'access.gained': { level: 'info', audit: true },
  'access.lost': { level: 'info', audit: true },
  'key.created': {
    level: 'info',
    audit: true,
    counter: { name: 'fullmakt_registrar_keys_created_total', help: 'Client keys made', labels: ['provider'] },
  },
  'prune.held': { level: 'warn', audit: true },
  'apply.failed': {
    level: 'error',
    counter: { name: 'fullmakt_registrar_apply_failures_total', help: 'Reads that could not be applied', labels: [] },
  },
};
