import { GRANT } from '../../oauth/client-assertion.ts';
import { JoseError } from '../../oauth/jws.ts';
import { parseJwt, stringClaim } from '../../oauth/jwt.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { Form } from '../../web/forms.ts';
import { grantOfCode } from '../engine/codes.ts';
import { Refusal } from '../engine/refusal.ts';
import { readRefreshToken } from '../engine/refresh-tokens.ts';
import type { Place } from '../place.ts';
import type { Realm } from '../persona.ts';
import { isSharedTenant } from '../tenants.ts';
import { placeIn, sharedPlace } from './entra-places.ts';
import type { EntraOptions } from './entra-places.ts';

/** The place a path names by GUID or domain. Throws `tenant-unknown`. */
export function placeNamed(options: EntraOptions, realm: Realm, segment: string): Place {
  const found = findTenant(options, realm, segment);
  if (found === undefined) throw new Refusal('tenant-unknown', { tenant: segment });
  return placeIn(options.origin, found);
}

/** Whether a path segment stands for a tenant, or for all of them. */
export function isKnownTenant(options: EntraOptions, realm: Realm, segment: string): boolean {
  return isSharedTenant(segment) || findTenant(options, realm, segment) !== undefined;
}

function findTenant({ tenants }: EntraOptions, realm: Realm, segment: string): string | undefined {
  const named = [...realm.snapshot().clients('azure')].map(({ registration }) =>
    registration.provider === 'azure' ? registration.tenant : undefined,
  );
  return tenants.find(segment, named);
}

/** Where a token request belongs. At a shared address the grant says it: tokens always carry a tenant's GUID. Throws `tenant-unknown` for an application calling for itself there. */
export async function tokenPlace(options: EntraOptions, realm: Realm, at: Located): Promise<Place> {
  const { segment, form } = at;
  if (!isSharedTenant(segment)) return placeNamed(options, realm, segment);
  if (form.get('grant_type') === GRANT.clientCredentials) throw new Refusal('tenant-unknown', { tenant: segment });
  const tenant = await tenantBehind(realm, form);
  return placeIn(options.origin, tenant ?? ownTenant(options, realm.snapshot(), form).tenant);
}

/** Where a sign-in begins: at a shared address an application of one tenant is in that tenant all the same. */
export function signInPlace(options: EntraOptions, realm: Realm, at: Located): Place {
  const { segment, form } = at;
  if (!isSharedTenant(segment)) return placeNamed(options, realm, segment);
  const own = ownTenant(options, realm.snapshot(), form);
  // What the sign-in page sends back names no client; only applications of all tenants have a page here.
  return own.open || form.has('transaction')
    ? sharedPlace(options.origin, segment)
    : placeIn(options.origin, own.tenant);
}

/** Where a logout belongs: at a shared address to the tenant of the ID token, or to whichever the browser is signed in at. */
export function signOutPlace(options: EntraOptions, realm: Realm, at: Located): Place {
  const { segment, form } = at;
  if (!isSharedTenant(segment)) return placeNamed(options, realm, segment);
  const tenant = tenantOf(form.get('id_token_hint'));
  return tenant === undefined ? sharedPlace(options.origin, segment) : placeIn(options.origin, tenant);
}

/** The tenant segment of a path, and what was sent there. */
interface Located {
  readonly segment: string;
  readonly form: Form;
}

async function tenantBehind(realm: Realm, form: Form): Promise<string | undefined> {
  const grantType = form.get('grant_type');
  const code = form.get('code');
  if (grantType === GRANT.authorizationCode && code !== undefined) return (await grantOfCode(realm, code))?.tenant;
  const token = form.get('refresh_token');
  if (grantType === GRANT.refreshToken && token !== undefined)
    return (await readRefreshToken(realm, token))?.grant.tenant;
  return tenantOf(form.get('assertion'));
}

/** The tenant a token says it is from; who reads the token there checks that. */
function tenantOf(token: string | undefined): string | undefined {
  try {
    const tenant = token === undefined ? undefined : stringClaim(parseJwt(token).claims, 'tid');
    return tenant !== undefined && /^[0-9a-f-]{36}$/.test(tenant) ? tenant : undefined;
  } catch (error) {
    if (error instanceof JoseError) return undefined;
    throw error;
  }
}

function ownTenant(options: EntraOptions, snapshot: Snapshot, form: Form): { tenant: string; open: boolean } {
  const registration = snapshot.client('azure', form.get('client_id') ?? '')?.registration;
  const known = registration?.provider === 'azure' ? registration : undefined;
  return {
    tenant: options.tenants.named(known?.tenant),
    open: known?.signInAudience === 'AzureADMultipleOrgs',
  };
}
