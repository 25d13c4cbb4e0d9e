import { object, ref, text } from './schema.ts';
import type { Part } from './schema.ts';

const COUNT: Part = { type: 'integer', minimum: 0 };
const TEXTS: Part = { type: 'array', items: { type: 'string' } };
const READY: Part = { type: 'boolean' };
const PROVIDERS: Part = { type: 'object', additionalProperties: ref('ProviderReadiness') };

/** Schemas of what probes are answered. */
export const READINESS: Part = {
  Readiness: object(
    { ready: READY, providers: PROVIDERS, reload: ref('ReloadState') },
    { required: ['ready', 'providers'] },
  ),
  DaemonReadiness: object(
    {
      ready: READY,
      apps: { type: 'object', additionalProperties: ref('AppReadiness') },
      problem: text('Why the folders cannot be read.'),
    },
    { required: ['ready', 'apps'] },
  ),
  AppReadiness: object(
    { ready: READY, providers: PROVIDERS, reload: ref('ReloadState'), origins: TEXTS, problems: TEXTS },
    { required: ['ready'] },
  ),
  Stopping: object({ ready: { const: false }, accepting: { const: false } }),
  ProviderReadiness: object(
    {
      metadata: { enum: ['configured', 'loaded', 'missing'] },
      keys: object(
        { state: { enum: ['fresh', 'stale', 'expired', 'never'] }, age: COUNT, usable: COUNT, skipped: COUNT },
        { required: ['state', 'usable', 'skipped'] },
      ),
      token_endpoint: { enum: ['ok', 'open', 'unknown'] },
      credential: object({ kid: { type: 'string' }, loaded: { type: 'string', format: 'date-time' } }),
      last_error: text('What went wrong last, while it does.'),
    },
    { required: ['metadata', 'keys', 'token_endpoint'] },
  ),
  ReloadState: object(
    {
      outcome: { type: 'string' },
      at: { type: 'string', format: 'date-time' },
      problems: TEXTS,
      needs_restart: TEXTS,
      empty_folders: TEXTS,
    },
    { required: ['outcome'] },
  ),
};
