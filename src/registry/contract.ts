import type { AppId } from './app-id.ts';
import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { KeyRow } from './key-row.ts';
import type { App, Client, ClientProvider, Grant, MaskinportenScope, Snapshot, WildcardGrants } from './model.ts';
import type { Replicas } from './replicas.ts';
import type { SigningKeyStore } from './signing-keys.ts';

/** What exists, shared by every program of one installation. */
export interface Registry {
  /** The newest version this process knows; the same object until something changes. */
  snapshot(): Snapshot;
  /** The newest version there is, asked for now: for whoever would act on a thing being as it is. Throws RegistryUnavailable. */
  refresh(): Promise<Snapshot>;
  /** Seconds since this process last knew that its version is the newest. Grows while the rows cannot be reached. */
  ageSeconds(): number;
  /** Called after every change, whoever made it; the returned function ends it. */
  onChange(listener: (snapshot: Snapshot) => void): () => void;
  /** All of the change in one transaction, or `conflict` when the version is not the current one. Throws RegistryUnavailable (see its `outcome`), and KeyStateConflict for a second `current` or `next` key. */
  commit(expectedVersion: number, change: RegistryChange): Promise<'ok' | 'conflict'>;
  /** The keys of one app, or of all; newest last. */
  keys(app?: AppId): Promise<readonly KeyRow[]>;
  /** The newest audit rows, oldest first. */
  audit(limit: number): Promise<readonly AuditRow[]>;
  /** The issuers' own signing keys, kept in the same place. */
  readonly signingKeys: SigningKeyStore;
  /** The processes that serve from this registry now. */
  readonly replicas: Replicas;
  /** How far this process's clock is ahead of the registry's, in seconds; 0 where both are one. */
  clockAheadSeconds(): number;
  close(): Promise<void>;
}

/** Rows to write. Removing an app removes its clients, keys, grants and scopes too. */
export interface RegistryChange {
  readonly putApps?: readonly App[];
  readonly removeApps?: readonly AppId[];
  readonly putClients?: readonly Client[];
  readonly removeClients?: readonly { readonly app: AppId; readonly provider: ClientProvider }[];
  /** The complete new list of each target. */
  readonly replaceGrants?: readonly { readonly target: AppId; readonly grants: readonly Grant[] }[];
  /** The complete new list of each owner. */
  readonly replaceScopes?: readonly { readonly owner: AppId; readonly scopes: readonly MaskinportenScope[] }[];
  readonly putKeys?: readonly KeyRow[];
  readonly removeKeys?: readonly string[];
  readonly wildcardGrants?: WildcardGrants;
  readonly putIssuers?: readonly IssuerRow[];
  readonly removeIssuers?: readonly string[];
  /** A denial of the same value is replaced; those that have run out go. */
  readonly putDenials?: readonly Denial[];
  readonly audit?: readonly AuditEntry[];
}

/** What is remembered of a change; `detail` never holds a secret. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly app?: AppId;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An audit entry as it was written, with its time in seconds since the epoch. */
export interface AuditRow extends AuditEntry {
  readonly seq: number;
  readonly at: number;
}

/** The rows cannot be read or written: damaged file, full disk, no permission, no answer. Nothing was deleted. */
export class RegistryUnavailable extends Error {
  override readonly name = 'RegistryUnavailable';
  /** `unknown` = the answer to the last word of a write was lost: the version tells whether it was made, so the same write may be asked for again with the same expected version and is then made once. */
  readonly outcome: 'unchanged' | 'unknown';

  constructor(message: string, options?: { readonly cause?: unknown; readonly outcome?: 'unknown' }) {
    super(message, options);
    this.outcome = options?.outcome ?? 'unchanged';
  }
}

/** A change would give one client two keys in `current` or in `next`. */
export class KeyStateConflict extends Error {
  override readonly name = 'KeyStateConflict';
}
