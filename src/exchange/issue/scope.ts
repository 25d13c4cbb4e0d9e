import { refuse } from '../errors.ts';

/** The scopes of one answer. */
export interface ScopeAnswer {
  /** Of the token; undefined = it carries no `scope`. */
  readonly granted: readonly string[] | undefined;
  /** `scope` of the response. */
  readonly shown: string | undefined;
}

/** What decides the scopes of one token (all three: lists without duplicates). */
export interface ScopeQuestion {
  /** E: the scopes of the rules that let this caller in. */
  readonly granted: readonly string[];
  /** L: the subject token's scopes where they are a limit; absent = no limit, empty = nothing is left. */
  readonly limit: readonly string[] | undefined;
  /** R: what was asked for; absent = all there is. */
  readonly requested: readonly string[] | undefined;
  /** Every scope the target names in any rule: an unknown one is a mistake the caller has to hear of. */
  readonly declared: ReadonlySet<string>;
}

/**
 * E ∩ L ∩ R (RFC 6749 3.3, RFC 8693 2.2.1). Undefined = the token carries no `scope`; an empty list = it carries an empty
 * one, so that the limit outlives this hop. Throws `scope-unknown` and `scope-empty`.
 */
export function narrowScope(question: ScopeQuestion): readonly string[] | undefined {
  const { granted, limit, requested, declared } = question;
  const unknown = requested?.find((scope) => !declared.has(scope));
  if (unknown !== undefined) throw refuse('scope-unknown', 'a requested scope is in no inbound rule of the target');
  const result = granted.filter((scope) => (limit?.includes(scope) ?? true) && (requested?.includes(scope) ?? true));
  if (requested !== undefined && requested.length > 0 && result.length === 0) {
    throw refuse(
      'scope-empty',
      'none of the requested scopes is both granted to the caller and allowed by the subject token',
    );
  }
  return result.length === 0 && limit === undefined ? undefined : result;
}
