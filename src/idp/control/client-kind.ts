import type { Snapshot, SourcePosition } from '../../registry/model.ts';
import type { AddedClient } from '../clients/overlay.ts';
import type { RegistrationProblem } from '../clients/registration-problem.ts';

/** Whose client is read, and what is known of it already. */
export interface ClientContext {
  readonly persona: string;
  readonly source: AddedClient['source'];
  readonly position?: SourcePosition | undefined;
  /** The client that is replaced: its secrets stay unless new ones are given. */
  readonly before?: AddedClient | undefined;
}

/** A client, read; `once` holds the members that are shown this one time: secrets that were made here. */
export type ReadClient =
  | { readonly ok: true; readonly client: AddedClient; readonly once: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly RegistrationProblem[] };

/** How the clients of one persona are written and shown, with the names its registration uses. */
export interface ClientKind {
  /** The member that names a client. */
  readonly idName: 'client_id' | 'appId';
  readonly read: (value: unknown, context: ClientContext) => ReadClient;
  /** Never a secret. `snapshot` is what the persona sees. */
  readonly show: (client: ShownClient, snapshot: Snapshot) => Readonly<Record<string, unknown>>;
}

/** A client of a manifest has nothing but its row. */
export type ShownClient = Pick<AddedClient, 'row' | 'openid' | 'callers' | 'scopes'>;
