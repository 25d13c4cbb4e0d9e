import type { Form } from '../../web/forms.ts';
import type { AskedForItself } from '../request/asked.ts';
import { commonClaims } from './claims.ts';
import type { IssuedClaims, TokenParts } from './claims.ts';
import { refuse } from '../errors.ts';

/** They speak of somebody else's token: a client that sends one of them believes that it acts for a user. */
const FOREIGN = ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type'];

/** Step 11 (RFC 6749 4.4.2): the parameters of client credentials. */
export function readClientCredentialsParameters(form: Form): AskedForItself {
  const name = FOREIGN.find((each) => form.has(each));
  if (name !== undefined) throw refuse('unsupported-parameter', `${name} has no meaning with client_credentials`);
  const [audience, resource, scope] = [form.get('audience'), form.get('resource'), form.get('scope')];
  return { grant: 'client_credentials', audience, resource, scope };
}

/** The claims of a token for the caller itself (RFC 9068 2.2): no user, so nobody who vouched for one, and nobody who acts. */
export function appClaims(parts: TokenParts, roles: readonly string[]): IssuedClaims {
  return {
    ...commonClaims(parts, Math.floor(parts.now) + parts.settings.ttlSeconds),
    sub: parts.caller,
    idtyp: 'app',
    ...(roles.length === 0 ? {} : { roles }),
  };
}
