import { locateFix } from '../../registry/decide.ts';
import type { Fix } from '../../registry/decision.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { GrantName } from '../request/grant.ts';
import type { Edge } from '../request/token-request.ts';

/** How a rule may call a scope. */
const SCOPE = /^[a-z0-9._/-]{1,100}$/;
/** What a YAML reader takes for a text as it stands. */
const PLAIN = /^[A-Za-z][\w./-]*(?::[\w./-]+)*$/;
const WORDS_WITH_A_MEANING = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** The lines that give a client a grant. A list of its own takes the place of the usual one, which it therefore repeats. */
export function grantFix(caller: string, grant: GrantName, snapshot: Snapshot): Fix {
  const registration = snapshot.clientOf(caller, 'tokenx')?.registration;
  const listed = registration?.provider === 'tokenx' && registration.grantTypes !== undefined;
  const add = lines(listed || grant === 'token-exchange' ? [grant] : ['token-exchange', grant]);
  return locateFix(snapshot, { app: caller, path: 'spec.tokenx.grantTypes', add });
}

/** The line by which a target takes users of one more issuer. */
export function issuerFix(target: string, subjectIssuer: string, snapshot: Snapshot): Fix {
  return locateFix(snapshot, { app: target, path: 'spec.tokenx.subjectIssuers', add: lines([subjectIssuer]) });
}

/** The lines under the first rule that let the caller in; none for what no manifest can name. */
export function scopeFix(requested: string, target: string, edge: Edge, snapshot: Snapshot): Fix | undefined {
  const [rule] = edge.rules;
  const missing = requested.split(' ').filter((scope) => scope !== '' && !edge.scopes.includes(scope));
  if (rule === undefined || missing.length === 0 || !missing.every((scope) => SCOPE.test(scope))) return undefined;
  return locateFix(snapshot, { app: target, path: `${rule.path}.permissions.scopes`, add: lines(missing) });
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `- ${isPlain(text) ? text : JSON.stringify(text)}`).join('\n');
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !WORDS_WITH_A_MEANING.test(text);
}
