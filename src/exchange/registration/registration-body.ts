import * as z from 'zod';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import type { TokenxGrant } from '../../registry/model.ts';
import { RegistrationFault } from './registration-errors.ts';
import { parseClientKeys } from './registration-keys.ts';

/** What is asked for when a client is registered (RFC 7591 2). The statement says for whom; it is still to be verified. */
export interface RegistrationBody {
  readonly keys: readonly PublicJwk[];
  readonly statement: string;
  readonly grants: readonly TokenxGrant[];
}

const MAX_KEYS = 20;

/** Grants by the names they have on the wire. */
const GRANTS: ReadonlyMap<string, TokenxGrant> = new Map([
  [GRANT.tokenExchange, 'token-exchange'],
  [GRANT.clientCredentials, 'client_credentials'],
]);

const texts = z.array(z.string()).nullish();
// What it does not name is ignored (RFC 7591 2).
const schema = z.object({
  client_name: z.string().min(1),
  jwks: z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) }),
  software_statement: z.string().min(1),
  scopes: texts,
  grant_types: texts,
});

/** Reads the body of a registration. Throws RegistrationFault, which names the member at fault. */
export function parseRegistration(body: unknown): RegistrationBody {
  const { data, error } = schema.safeParse(body);
  if (data === undefined) throw new RegistrationFault('client-metadata', firstFault(error));
  const { jwks, software_statement: statement, grant_types: grantTypes } = data;
  if (jwks.keys.length === 0) throw new RegistrationFault('jwks-empty', 'jwks.keys is empty: a client needs a key');
  return { grants: parseGrants(grantTypes ?? []), keys: parseClientKeys(jwks.keys), statement };
}

/** The grants of a client by the names they have on the wire. */
export function grantTypesOf(grants: readonly TokenxGrant[] | undefined): readonly string[] {
  const held: readonly TokenxGrant[] = grants ?? ['token-exchange'];
  return [...GRANTS].flatMap(([name, grant]) => (held.includes(grant) ? [name] : []));
}

function parseGrants(names: readonly string[]): readonly TokenxGrant[] {
  const asked = new Set(names.length === 0 ? [GRANT.tokenExchange] : names);
  const known = [...GRANTS].flatMap(([name, grant]) => (asked.delete(name) ? [grant] : []));
  if (asked.size === 0) return known;
  throw new RegistrationFault('client-metadata', `grant_types: only ${[...GRANTS.keys()].join(' and ')}`);
}

function firstFault(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'the body is not as expected' : `${issue.path.join('.') || 'body'}: ${issue.message}`;
}
