import { words } from '../words.ts';
import { Refusal } from './refusal.ts';

/** The scopes of a token: all that were granted, or fewer where the request says so; never more (RFC 6749 6). Throws `scope-unknown`. */
export function narrowScopes(granted: readonly string[], asked: string | undefined): readonly string[] {
  const scopes = words(asked);
  if (scopes.length === 0) return granted;
  const more = scopes.find((scope) => !granted.includes(scope));
  if (more !== undefined) throw new Refusal('scope-unknown', { scope: more });
  return scopes;
}
