import { randomBytes } from 'node:crypto';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { Call, Realm } from '../persona.ts';
import { checkAuthorizationRequest, locateClient } from './authorization-request.ts';
import type { Parameters } from './authorization-request.ts';
import { authenticateClient } from './client-authentication.ts';
import { parametersOf } from './parameters.ts';
import { hasMembers, keyOf, putJson } from './records.ts';
import { Refusal } from './refusal.ts';
import type { AuthorizationRequest } from './user-grant.ts';

interface PushedRequest {
  readonly clientId: string;
  readonly parameters: readonly (readonly [string, string])[];
}

const isPushed = hasMembers<PushedRequest>('clientId', 'parameters');
/** As long as a sign-in page that was opened with a reference may stay open. */
const SPENT_SECONDS = 60 * 60;
const CREDENTIALS = new Set(['client_assertion', 'client_assertion_type', 'client_secret']);

/** Pushed authorization request (RFC 9126 2): all checks now, the browser carries a reference only. */
export async function answerPushedRequest(
  call: Call,
  authorization: string | undefined,
): Promise<{ readonly request_uri: string; readonly expires_in: number }> {
  const { realm, place, form } = call;
  const { authorize } = realm.persona;
  if (authorize?.pushed === undefined) throw new Refusal('request-object');
  const { client } = await authenticateClient(call, authorization);
  if (form.has('request_uri')) throw new Refusal('request-uri-in-par', { parameter: 'request_uri' });
  const sent = [...parametersOf(form)].filter(([name]) => !CREDENTIALS.has(name));
  const parameters = new Map([...sent, ['client_id', client.id] as const]);
  locateClient({ realm, place }, authorize, parameters);
  checkAuthorizationRequest({ realm, place, client }, authorize, parameters);
  const requestUri = `${authorize.pushed.prefix}${randomBytes(32).toString('base64url')}`;
  const record: PushedRequest = { clientId: client.id, parameters: [...parameters] };
  await putJson(realm.memory, keyOf('par', requestUri), record, authorize.pushed.lifetimeSeconds);
  return { request_uri: requestUri, expires_in: authorize.pushed.lifetimeSeconds };
}

/** The parameters of a request, and the pushed one they came from. */
interface SentRequest {
  readonly parameters: Parameters;
  /** What {@link spendPushedRequest} needs, where the code is what spends it. */
  readonly pushedAs: string | undefined;
}

/** The parameters behind a `request_uri`, for its client: once, and with nothing beside it, unless the persona says otherwise. Throws a Refusal. */
export async function takePushedRequest(
  realm: Realm,
  { pushed }: AuthorizePolicy,
  parameters: Parameters,
): Promise<SentRequest> {
  const requestUri = parameters.get('request_uri');
  if (requestUri === undefined) return { parameters, pushedAs: undefined };
  if (pushed === undefined) throw new Refusal('request-object');
  if (pushed.tolerant === true) {
    if (!requestUri.startsWith(pushed.prefix)) return { parameters, pushedAs: undefined };
  } else if ([...parameters.keys()].some((name) => name !== 'client_id' && name !== 'request_uri')) {
    throw new Refusal('request-uri-mixed');
  }
  const key = keyOf('par', requestUri);
  const stored = await realm.memory.read(key);
  const record: unknown = stored === undefined ? undefined : JSON.parse(stored.value.toString());
  // Read before taking: another client's attempt must not spend the request.
  if (!isPushed(record) || record.clientId !== parameters.get('client_id')) throw new Refusal('request-uri-unknown');
  if (pushed.spentByCode !== true && (await realm.memory.take(key)) === undefined) {
    throw new Refusal('request-uri-unknown');
  }
  return { parameters: new Map(record.parameters), pushedAs: pushed.spentByCode === true ? key : undefined };
}

/** Lets one code come of a pushed request, however often its reference was visited. Throws `request-uri-unknown` for a second. */
export async function spendPushedRequest(realm: Realm, { pushedAs }: AuthorizationRequest): Promise<void> {
  if (pushedAs === undefined) return;
  if (!(await realm.memory.once(`spent ${pushedAs}`, SPENT_SECONDS))) throw new Refusal('request-uri-unknown');
  await realm.memory.delete(pushedAs);
}
