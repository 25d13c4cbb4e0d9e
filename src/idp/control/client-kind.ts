import type { z } from 'zod';
import type { Snapshot, SourcePosition } from '../../registry/model.ts';
import type { AddedClient } from '../clients/overlay.ts';
import type { RegistrationProblem } from '../clients/openid-client.ts';

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

/** What zod found, by the wire name of the field. A member that nobody knows is named itself. */
export function problemsOf(error: z.ZodError): readonly RegistrationProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, []));
}

function problemsOfIssue(issue: z.core.$ZodIssue, above: readonly string[]): readonly RegistrationProblem[] {
  const path = [...above, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'no such member' }));
  }
  if (issue.code === 'invalid_union') {
    // Of several shapes the one that was meant is the one whose own type fits.
    const meant = issue.errors.find((issues) => issues.every((each) => each.path.length > 0 || !isOfType(each)));
    if (meant !== undefined) return meant.flatMap((each) => problemsOfIssue(each, path));
  }
  return [{ path: path.join('.'), message: issue.message }];
}

function isOfType({ code }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type';
}
