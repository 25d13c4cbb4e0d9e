import { OAuthError } from '../../oauth/errors.ts';
import { stringListClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { parseScope } from '../../oauth/scope.ts';
import type { Snapshot } from '../../registry/model.ts';
import { refuse } from '../errors.ts';
import { narrowScope } from './scope.ts';
import type { ScopeAnswer } from './scope.ts';
import { left } from '../request/steps.ts';
import type { VerifiedSubjectToken } from '../subject/subject-token.ts';
import type { Target, TokenRequest } from '../request/token-request.ts';

/** Step 14: the scopes of the new token. */
export function chooseScope(state: TokenRequest): void {
  const [target, { scope: requested }] = [left(state.target), left(state.asked)];
  const limit = target.settings.limitScopeBySubject ? limitOf(state.subject) : undefined;
  state.scope = scopeOf(target, { requested, limit, snapshot: state.snapshot });
}

/** The scopes of a token for this target. Throws `scope-unknown` and `scope-empty`. */
export function scopeOf(
  { app, edge, settings }: Target,
  question: {
    readonly requested: string | undefined;
    readonly limit: readonly string[] | undefined;
    readonly snapshot: Snapshot;
  },
): ScopeAnswer {
  const { requested, limit, snapshot } = question;
  if (settings.scope === 'echo') return { granted: undefined, shown: requested };
  const granted = narrowScope({
    granted: edge.scopes,
    limit,
    requested: requested === undefined ? undefined : parseRequestedScope(requested),
    declared: snapshot.declaredScopes(app),
  });
  return { granted, shown: granted?.join(' ') };
}

/** The scopes of the subject token where they are a limit. */
function limitOf(subject: VerifiedSubjectToken | undefined): readonly string[] | undefined {
  return subject?.issuer.rules.scopeLimit === true ? scopesOf(subject.claims) : undefined;
}

/** Absent = no limit; present in a form that cannot be read = nothing is left. */
function scopesOf(claims: Claims): readonly string[] | undefined {
  if (!Object.hasOwn(claims, 'scope')) return undefined;
  const lists = stringListClaim(claims, 'scope') ?? [];
  return lists.flatMap((list) => list.split(' ')).filter((each) => each !== '');
}

function parseRequestedScope(text: string): readonly string[] {
  try {
    return parseScope(text);
  } catch (cause) {
    if (cause instanceof OAuthError) throw refuse('scope-unknown', 'scope is malformed', { cause });
    throw cause;
  }
}
