import { isJsonObject } from '../../oauth/objects.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { refuse } from '../errors.ts';

/** The members of `may_act` that say who may act; any other could restrict in a way we do not know. */
const MEMBERS: ReadonlySet<string> = new Set(['sub', 'client_id', 'iss']);

/**
 * A subject token that says who may act for its subject (RFC 8693 4.4) says so of the caller: by its app id, among our names.
 * Judged here and never copied. Throws `may-act`.
 */
export function checkMayAct(claims: Claims, caller: string, ownIssuer: string): void {
  if (!Object.hasOwn(claims, 'may_act')) return;
  const mayAct = claims['may_act'];
  if (!isJsonObject(mayAct) || !Object.keys(mayAct).every((name) => MEMBERS.has(name))) {
    throw refuse('may-act', 'subject token: may_act is not understood');
  }
  const named = ['sub', 'client_id'].filter((name) => Object.hasOwn(mayAct, name));
  const ours = !Object.hasOwn(mayAct, 'iss') || mayAct['iss'] === ownIssuer;
  if (named.length === 0 || !ours || !named.every((name) => mayAct[name] === caller)) {
    throw refuse('may-act', `subject token: may_act does not name ${caller}`);
  }
}
