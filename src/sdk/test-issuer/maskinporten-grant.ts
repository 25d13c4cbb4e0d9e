import { GRANT } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import { APPLICATION } from './identities.ts';
import { mintToken } from './mint.ts';
import { maskinportenFault } from './fault-names.ts';
import { checkAssertion } from './proof.ts';
import type { Desk } from './proof.ts';
import { RefusedGrant, required } from './refused-grant.ts';

const NARROWING = { resource: 'aud', authorization_details: 'authorization_details', pid: 'pid' } as const;

/** Maskinporten: the assertion is the grant (RFC 7523 2.1), and says which scopes. Throws RefusedGrant. */
export function maskinportenToken(desk: Desk, form: URLSearchParams): string {
  const { maskinportenClientId: clientId } = APPLICATION;
  if (required(form, 'grant_type') !== GRANT.jwtBearer) {
    throw new RefusedGrant('unsupported_grant_type', `only ${GRANT.jwtBearer} is offered`);
  }
  const assertion = checkAssertion(desk, required(form, 'assertion'), {
    clientId,
    audience: desk.places.maskinporten.issuer,
    named: maskinportenFault,
    required: ['scope'],
  });
  const scope = stringClaim(assertion, 'scope') ?? '';
  if (scope === '') throw new RefusedGrant({ error: 'invalid_scope', number: 'MP-200' }, 'scope names nothing');
  const narrowed = Object.entries(NARROWING)
    .filter(([name]) => Object.hasOwn(assertion, name))
    .map(([name, claim]) => [claim, single(assertion[name])]);
  return mintToken(desk, 'maskinporten', { claims: { ...Object.fromEntries(narrowed), scope, client_id: clientId } });
}

/** One audience stands alone, several in a list. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' ? value[0] : value;
}
