import { parseStrictJson } from '../../oauth/strict-json.ts';
import { AcquireError } from './acquire-error.ts';
import type { MachineRequest } from './requests.ts';

/** What narrows a machine token beside its target: `resource` of RFC 8707, `authorization_details` of RFC 9396. */
interface Narrowing {
  readonly resource: string | undefined;
  readonly authorizationDetails: readonly unknown[] | undefined;
}

/**
 * What narrows this request, as it would be sent: a token is kept and fetched anew for what was asked then, whatever the caller does
 * with its objects afterwards and however they turn themselves into JSON. Throws AcquireError `request`.
 */
export function narrowingOf(request: MachineRequest): Narrowing {
  if (request.provider !== 'maskinporten') return { resource: undefined, authorizationDetails: undefined };
  const { resource, authorizationDetails } = request;
  return {
    resource,
    authorizationDetails: authorizationDetails === undefined ? undefined : asSent(authorizationDetails),
  };
}

function asSent(details: readonly object[]): readonly unknown[] {
  try {
    const sent = parseStrictJson(JSON.stringify(details));
    if (Array.isArray(sent)) return sent;
  } catch {
    // The cause may quote what was given.
  }
  throw new AcquireError('request', 'authorizationDetails is no list that JSON can hold, 16 levels deep at most');
}
