import { integer, list, oneOf, seconds, text } from '../settings.ts';
import type { Setting, SettingsTable } from '../settings.ts';
import { within } from './setting-kinds.ts';

/** Where a token exchange server of its own keeps things, and how many processes it is. Durations are seconds. */
export interface ServerConfig {
  /** `embedded`, or the URL of a PostgreSQL database. */
  readonly store: string;
  readonly stateDir: string;
  readonly keyEncryptionKeys?: readonly string[];
  readonly keyEncryptionKeysFile?: string;
  /** Absent: where the registry is. */
  readonly replayStore?: string;
  readonly auditSink: 'file' | 'postgres';
  readonly auditFile?: string;
  readonly auditDurability: 'write' | 'fsync';
  readonly workers: number;
  readonly registryPollSeconds: number;
  readonly drainDelaySeconds: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const MAX_WORKERS = 64;

/** The settings of `fullmakt exchange` besides those of the server itself. */
export const serverSettings: SettingsTable<ServerConfig> = {
  store: database({
    env: 'FULLMAKT_EXCHANGE_STORE',
    says: 'Where applications, rules and keys are: embedded (files in the state folder), or a PostgreSQL URL.',
    fallback: 'embedded',
    secret: true,
  }),
  stateDir: text({
    env: 'FULLMAKT_EXCHANGE_STATE_DIR',
    says: 'The folder of the embedded store, the audit log and the revocation journal.',
    fallback: '.fullmakt-exchange',
  }),
  keyEncryptionKeys: list({
    env: 'FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS',
    says: 'What seals the signing keys: 32 bytes in base64 or hex; several are separated by commas, the first seals and all open. Required with PostgreSQL.',
    secret: true,
    optional: true,
  }),
  keyEncryptionKeysFile: text({
    env: 'FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS_FILE',
    says: 'A file that holds them instead, one a line.',
    optional: true,
  }),
  replayStore: replayStore({
    env: 'FULLMAKT_EXCHANGE_REPLAY_STORE',
    says: 'Where used assertions are remembered: memory (one process only), embedded, a PostgreSQL URL, or a Valkey or Redis URL. Without it, where the registry is.',
    secret: true,
    optional: true,
  }),
  auditSink: oneOf(['file', 'postgres'])({
    env: 'FULLMAKT_EXCHANGE_AUDIT_SINK',
    says: 'Where decisions are put on record: a file, or the PostgreSQL database of the registry.',
    fallback: 'file',
  }),
  auditFile: text({
    env: 'FULLMAKT_EXCHANGE_AUDIT_FILE',
    says: 'The file of the decisions; audit.jsonl in the state folder unless given.',
    optional: true,
  }),
  auditDurability: oneOf(['write', 'fsync'])({
    env: 'FULLMAKT_EXCHANGE_AUDIT_DURABILITY',
    says: 'What an answer waits for: write (the operating system has the record, the disk at most 100 ms later) or fsync.',
    fallback: 'write',
  }),
  workers: workers({
    env: 'FULLMAKT_EXCHANGE_WORKERS',
    says: 'How many processes share the port, one for each core at most.',
    fallback: 1,
  }),
  registryPollSeconds: within(0.1, 2, {
    env: 'FULLMAKT_EXCHANGE_REGISTRY_POLL_INTERVAL',
    says: 'How often changes are looked for, should a notification be lost; at most 2 s; files are looked at every 0.5 s at the latest.',
    fallback: 1,
  }),
  drainDelaySeconds: seconds({
    env: 'FULLMAKT_EXCHANGE_DRAIN_DELAY',
    says: 'How long requests are still accepted after SIGTERM, while readiness already says no.',
    fallback: 0,
  }),
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])({
    env: 'FULLMAKT_EXCHANGE_LOG_LEVEL',
    says: 'The least important lines that are logged.',
    fallback: 'info',
  }),
};

type Spec<T> = Omit<Setting<T>, 'kind' | 'parse'>;

function database(spec: Spec<string>): Setting<string> {
  return {
    ...spec,
    kind: 'embedded | PostgreSQL URL',
    parse: (value) => oneOfForms(value, /^(embedded$|postgres(ql)?:\/\/.)/),
  };
}

function replayStore(spec: Spec<string>): Setting<string> {
  const forms = /^(memory$|embedded$|postgres(ql)?:\/\/.|(rediss?|valkeys?):\/\/.)/;
  return { ...spec, kind: 'memory | embedded | URL', parse: (value) => oneOfForms(value, forms) };
}

function oneOfForms(value: string, forms: RegExp): string {
  if (!forms.test(value)) throw new Error('one of the stores named');
  return value;
}

function workers(spec: Spec<number>): Setting<number> {
  const setting = integer(spec);
  return {
    ...setting,
    parse: (value) => {
      const parsed = setting.parse(value);
      if (parsed < 1 || parsed > MAX_WORKERS) throw new Error(`a number from 1 to ${MAX_WORKERS}`);
      return parsed;
    },
  };
}
