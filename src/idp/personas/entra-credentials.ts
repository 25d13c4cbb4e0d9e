import { randomBytes } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { Form } from '../../web/forms.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Place } from '../place.ts';
import { isSharedTenant } from '../tenants.ts';
import type { Tenants } from '../tenants.ts';

interface AudienceSetting {
  readonly origin: string;
  readonly tenants: Tenants;
}

const CODE = /^1\.A[\w-]{86}$/;

/** A new code, of the look that {@link checkShape} knows. */
export function makeEntraCode(): string {
  return `1.A${randomBytes(64).toString('base64url')}`;
}

/** The issuer, or the token endpoint of the tenant by whatever name the tenant has: what a client assertion may be addressed to. */
export function isAudience({ origin, tenants }: AudienceSetting, place: Place, audience: string): boolean {
  if (audience === place.issuer || audience === place.tokenEndpoint) return true;
  const [start, end] = [`${origin}/`, '/oauth2/v2.0/token'];
  if (!audience.startsWith(start) || !audience.endsWith(end)) return false;
  const name = audience.slice(start.length, -end.length);
  return isSharedTenant(name) || tenants.named(name) === place.tenant;
}

/** What cannot be a code or a token of ours is told before the client has proven itself. Throws a Refusal. */
export function checkShape(form: Form): void {
  const code = form.get('code');
  const assertion = form.get('assertion');
  const grant = form.get('grant_type');
  if (grant === GRANT.authorizationCode && code !== undefined && !CODE.test(code)) throw new Refusal('code-unknown');
  if (grant === GRANT.jwtBearer && assertion !== undefined && assertion.split('.').length !== 3) {
    throw new Refusal('obo-assertion-invalid');
  }
}
