import { randomBytes } from 'node:crypto';
import type { AuthorizePolicy, Call, Realm } from '../persona.ts';
import { checkAuthorizationRequest, locateClient } from './authorization-request.ts';
import type { Parameters } from './authorization-request.ts';
import { authenticateClient } from './client-authentication.ts';
import { hasMembers, keyOf, putJson } from './records.ts';
import { Refusal } from './refusal.ts';

interface PushedRequest {
  readonly clientId: string;
  readonly parameters: readonly (readonly [string, string])[];
}

const isPushed = hasMembers<PushedRequest>('clientId', 'parameters');
const CREDENTIALS = new Set(['client_assertion', 'client_assertion_type', 'client_secret']);

/** Pushed authorization request (RFC 9126 2): all checks now, the browser carries a reference only. */
export async function answerPushedRequest(
  call: Call,
  authorization: string | undefined,
): Promise<{ readonly request_uri: string; readonly expires_in: number }> {
  const { realm, place, form } = call;
  const { authorize, token } = realm.persona;
  if (authorize?.pushed === undefined || token.kind !== 'clients') throw new Refusal('request-object');
  const { client } = await authenticateClient(call, authorization, token);
  if (form.has('request_uri')) throw new Refusal('request-uri-in-par', { parameter: 'request_uri' });
  const sent = [...form.values].filter(([name, value]) => value !== '' && !CREDENTIALS.has(name));
  const parameters = new Map([...sent, ['client_id', client.id] as const]);
  locateClient({ realm, place }, authorize, parameters);
  checkAuthorizationRequest({ realm, place, client }, authorize, parameters);
  const requestUri = `${authorize.pushed.prefix}${randomBytes(32).toString('base64url')}`;
  const record: PushedRequest = { clientId: client.id, parameters: [...parameters] };
  await putJson(realm.memory, keyOf('par', requestUri), record, authorize.pushed.lifetimeSeconds);
  return { request_uri: requestUri, expires_in: authorize.pushed.lifetimeSeconds };
}

/** The parameters behind a `request_uri`: once, for its client, and with nothing beside it. Throws a Refusal. */
export async function takePushedRequest(
  realm: Realm,
  policy: AuthorizePolicy,
  parameters: Parameters,
): Promise<Parameters> {
  const requestUri = parameters.get('request_uri');
  if (requestUri === undefined) return parameters;
  if (policy.pushed === undefined) throw new Refusal('request-object');
  if ([...parameters.keys()].some((name) => name !== 'client_id' && name !== 'request_uri')) {
    throw new Refusal('request-uri-mixed');
  }
  const key = keyOf('par', requestUri);
  const stored = await realm.memory.read(key);
  const record: unknown = stored === undefined ? undefined : JSON.parse(stored.value.toString());
  // Read before taking: another client's attempt must not spend the request.
  if (!isPushed(record) || record.clientId !== parameters.get('client_id')) throw new Refusal('request-uri-unknown');
  if ((await realm.memory.take(key)) === undefined) throw new Refusal('request-uri-unknown');
  return new Map(record.parameters);
}
