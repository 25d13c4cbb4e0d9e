import type { ClientProvider, SourcePosition } from './model.ts';

/** How a token is asked for. */
export type Flow = 'exchange' | 'obo' | 'client_credentials' | 'login';

/** The question: may `consumer` (an app id) have a token for `target` (an app id) at this provider? */
export interface DecisionInput {
  readonly consumer: string;
  readonly target: string;
  readonly provider: ClientProvider;
  readonly flow: Flow;
  /** Group ids of the user, for the user flows at Entra. */
  readonly userGroups?: readonly string[];
}

/** Why not. */
export type DenyReason =
  | 'target-unknown'
  | 'target-disabled'
  | 'target-provider-off'
  | 'consumer-unknown'
  | 'consumer-disabled'
  | 'consumer-provider-off'
  | 'no-rule'
  | 'wildcard-network-only'
  | 'user-not-in-groups';

/** The answer: with the rules that gave it, or with the manifest change that would. */
export type Decision =
  | {
      readonly allow: true;
      readonly rules: readonly SourcePosition[];
      readonly roles: readonly string[];
      readonly scopes: readonly string[];
      readonly groups: readonly string[];
      readonly issuers: readonly string[] | undefined;
    }
  | { readonly allow: false; readonly reason: DenyReason; readonly fix: Fix | undefined };

/** The change in a manifest that would turn a refusal into a yes. */
export interface Fix {
  readonly app: string;
  readonly file?: string;
  readonly line?: number;
  /** Spec path under which the lines belong. */
  readonly path: string;
  /** YAML. */
  readonly add: string;
}
