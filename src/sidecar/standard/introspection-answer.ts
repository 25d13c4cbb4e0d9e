import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { withMembers } from '../../oauth/claims-text.ts';

/**
 * The answer of RFC 7662 2.2 for a good token, from the claims as they were written: `active`, `token_type`, and what is called
 * `client_id` and `scope` there, for issuers that say `azp` and `scp`. The text has to be a strict JSON object.
 */
export function introspectionAnswer(text: string): string {
  const parsed = parseStrictJson(text);
  const claims = isJsonObject(parsed) ? parsed : {};
  const told: Record<string, unknown> = {
    active: true,
    token_type: textOf(claims['token_type']) ?? 'Bearer',
    client_id: textOf(claims['client_id']) ?? textOf(claims['azp']),
    scope: scopeOf(claims['scope']) ?? scopeOf(claims['scp']),
  };
  const members = Object.entries(told).filter(([, value]) => value !== undefined);
  const first = members.map(([name, value]) => `"${name}":${JSON.stringify(value)}`);
  return withMembers(text, first, new Set([...Object.keys(told), 'error']));
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined;
}

/** One text, where an issuer may have written a list. */
function scopeOf(claim: unknown): string | undefined {
  if (!Array.isArray(claim)) return textOf(claim);
  return claim.every((each) => typeof each === 'string') ? claim.join(' ') : undefined;
}
