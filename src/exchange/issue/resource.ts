import { canonicalResource } from '../../registry/resources.ts';
import type { Snapshot } from '../../registry/model.ts';
import { refuse } from '../errors.ts';
import type { Asked } from '../request/asked.ts';

/**
 * The application a token is asked for: named by `audience`, by an address of it in `resource` (RFC 8707 2), or by both alike. A
 * caller that asks for itself and names none means its default. Throws what `invalid_target` has for it.
 */
export function resolveTarget(
  { grant, audience, resource }: Pick<Asked, 'grant' | 'audience' | 'resource'>,
  { caller, snapshot }: { readonly caller: string; readonly snapshot: Snapshot },
): string {
  const named = resource === undefined ? undefined : appOf(resource, snapshot);
  if (audience !== undefined) {
    if (named !== undefined && named !== audience && snapshot.app(audience) !== undefined) {
      throw refuse('target-mismatch', 'audience and resource mean different applications');
    }
    return audience;
  }
  if (named !== undefined) return named;
  const fallback = grant === 'client_credentials' ? defaultAudience(caller, snapshot) : undefined;
  if (fallback === undefined) throw refuse('parameter-missing', 'audience is missing, or resource in its place');
  return fallback;
}

function appOf(resource: string, snapshot: Snapshot): string {
  if (canonicalResource(resource) === undefined) {
    throw refuse('resource-invalid', 'resource must be an absolute URI without query and fragment');
  }
  const app = snapshot.appOfResource(resource);
  if (app === undefined) throw refuse('target-unknown', 'resource is not an address of an application here');
  return app;
}

function defaultAudience(caller: string, snapshot: Snapshot): string | undefined {
  const registration = snapshot.clientOf(caller, 'tokenx')?.registration;
  return registration?.provider === 'tokenx' ? registration.defaultAudience : undefined;
}
