import { createHash } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { APPLICATION } from './identities.ts';
import { mintToken } from './mint.ts';
import { checkClient, checkSubject } from './proof.ts';
import { entraAssertionFault, entraUserFault } from './fault-names.ts';
import type { Desk } from './proof.ts';
import { RefusedGrant, required } from './refused-grant.ts';

const DEFAULT = '/.default';
const COPIED = ['oid', 'groups', 'NAVident', 'name', 'preferred_username', 'sid'];

/** Entra ID's token endpoint: client credentials and On-Behalf-Of, for the application under test. Throws RefusedGrant. */
export function entraToken(desk: Desk, form: URLSearchParams): string {
  const { entraClientId: clientId } = APPLICATION;
  const grant = required(form, 'grant_type');
  if (grant !== GRANT.clientCredentials && grant !== GRANT.jwtBearer) {
    throw new RefusedGrant({ error: 'unsupported_grant_type', number: '70003' }, `Entra ID does not offer ${grant}`);
  }
  if (required(form, 'client_id') !== clientId)
    throw new RefusedGrant({ error: 'unauthorized_client', number: '700016' }, 'no such client');
  checkClient(desk, form, { clientId, audience: desk.places.entra_id.issuer, named: entraAssertionFault });
  const aud = resourceOf(required(form, 'scope'));
  const caller = { aud, azp: clientId, azp_name: APPLICATION.name };
  if (grant === GRANT.clientCredentials) return mintToken(desk, 'entra-machine', { claims: caller });
  required(form, 'requested_token_use', 'on_behalf_of');
  const user = userOf(desk, required(form, 'assertion'));
  const copied = Object.entries(user).filter(([name]) => COPIED.includes(name));
  const without = COPIED.filter((name) => !Object.hasOwn(user, name));
  const sub = createHash('sha256')
    .update(`${String(user['sub'])} ${aud}`)
    .digest('base64url');
  return mintToken(desk, 'entra-user', { claims: { ...caller, ...Object.fromEntries(copied), sub }, without });
}

function userOf(desk: Desk, assertion: string): Claims {
  const { issuer } = desk.places.entra_id;
  const user = checkSubject(desk, assertion, { issuer, audience: [APPLICATION.entraClientId], named: entraUserFault });
  if (user['idtyp'] === 'app')
    throw new RefusedGrant(
      { error: 'unauthorized_client', number: '7000114' },
      'the token of the user is of an application',
    );
  if (typeof user['scp'] === 'string' && user['scp'] !== '') return user;
  throw new RefusedGrant({ error: 'invalid_request', number: '240002' }, 'the token of the user is no access token');
}

/** The client id behind a scope: the API of one application, all that was granted at it. */
function resourceOf(scope: string): string {
  if (!scope.endsWith(DEFAULT))
    throw new RefusedGrant(
      { error: 'invalid_scope', number: '1002012' },
      `scope has to be one API and end in ${DEFAULT}`,
    );
  const name = scope.slice(0, -DEFAULT.length).replace(/^api:\/\//, '');
  const { entraClientId, name: ours } = APPLICATION;
  if (name === entraClientId || name === ours.replaceAll(':', '.')) return entraClientId;
  const digest = createHash('sha256').update(name).digest('hex');
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `4${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`];
  return `${parts.join('-')}-${digest.slice(20, 32)}`;
}
