import { CLIENT_ASSERTION_TYPE } from '../../oauth/client-assertion.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import type { Form } from '../../web/forms.ts';
import { digest, isSameDigest } from '../digest.ts';
import type { AssertionPolicy } from '../policy/assertion-policy.ts';
import type { Call, ClientsPolicy, ProvenClient } from '../persona.ts';
import { parseAssertion } from './assertion.ts';
import { checkClientAssertion } from './client-assertion.ts';
import type { AuthMethod } from './auth-method.ts';
import type { LocalClient, ProvenBy } from './client.ts';
import { checkFederatedAssertion, isForeign } from './federated-assertion.ts';
import { Refusal } from './refusal.ts';

interface Credentials {
  readonly assertion: string | undefined;
  readonly assertionType: string | undefined;
  /** What the header holds; one that cannot be read is a credential all the same, and a wrong one. */
  readonly basic: { readonly id?: string; readonly secret?: string } | undefined;
  readonly secret: string | undefined;
  readonly clientId: string | undefined;
}

/** Client authentication (RFC 6749 2.3, RFC 7523 2.2) by the persona's rules. Throws a Refusal. */
export async function authenticateClient(call: Call, authorization: string | undefined): Promise<ProvenClient> {
  const { token: policy } = call.realm.persona;
  if (policy.kind !== 'clients') throw new TypeError(`at ${call.realm.persona.name} the grant says who asks`);
  const sent = readCredentials(call.form, authorization);
  const clientId = sent.clientId ?? sent.basic?.id ?? issuerOf(sent, policy.assertion);
  if (clientId === undefined) throw new Refusal('client-missing', { parameter: 'client_id' });
  const client = call.realm.persona.client(call.realm.snapshot(), clientId, call.place);
  if (client === undefined) throw new Refusal('client-unknown', { client: clientId, tenant: call.place.tenant });
  policy.checkShape(call.form);
  const method = chooseMethod(sent, client, policy);
  if (method === 'private_key_jwt')
    return { client, policy, method: await checkKey(call, client, policy.assertion, sent) };
  if (method === 'client_secret_basic' && (sent.basic?.id ?? client.id) !== client.id) {
    throw new Refusal('client-differs', { client: client.id });
  }
  if (method === 'client_secret_basic') checkSecret(sent.basic?.secret, client, call.realm.now());
  if (method === 'client_secret_post') checkSecret(sent.secret, client, call.realm.now());
  return { client, method, policy };
}

function readCredentials(form: Form, authorization: string | undefined): Credentials {
  return {
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    basic: readBasic(authorization),
    secret: form.get('client_secret'),
    clientId: form.get('client_id'),
  };
}

/** Where `client_id` may be left out, the assertion names the client; elsewhere nothing in it counts yet. */
function issuerOf(sent: Credentials, policy: AssertionPolicy): string | undefined {
  if (policy.clientIdBeside === 'required' || sent.assertion === undefined) return undefined;
  return stringClaim(readAssertion(sent, policy).claims, 'iss');
}

function readAssertion(sent: Credentials, policy: AssertionPolicy): UnverifiedJwt {
  const { assertion = '', assertionType } = sent;
  if (assertionType === undefined) throw new Refusal('assertion-type-missing', { parameter: 'client_assertion_type' });
  if (assertionType !== CLIENT_ASSERTION_TYPE) {
    throw new Refusal('assertion-malformed', { why: 'client_assertion_type is not the JWT one' });
  }
  return parseAssertion(assertion, policy);
}

function chooseMethod(sent: Credentials, client: LocalClient, policy: ClientsPolicy): AuthMethod {
  const methods: AuthMethod[] = [];
  if (sent.assertion !== undefined) methods.push('private_key_jwt');
  else if (sent.assertionType !== undefined && policy.credentials === 'assertion-wins') {
    throw new Refusal('credential-field-missing', { parameter: 'client_assertion', client: client.id });
  }
  if (sent.basic !== undefined) methods.push('client_secret_basic');
  if (sent.secret !== undefined) methods.push('client_secret_post');
  const [first = 'none'] = methods;
  if (policy.credentials === 'assertion-wins') {
    if (first === 'none' && !client.authMethods.includes('none')) {
      throw new Refusal('credential-missing', { client: client.id });
    }
    return first;
  }
  if (methods.length > 1) throw new Refusal('credentials-two', { client: client.id });
  if (client.authMethods.includes(first)) return first;
  throw new Refusal(first === 'none' ? 'credential-missing' : 'credential-other-method', { client: client.id });
}

async function checkKey(
  call: Call,
  client: LocalClient,
  policy: AssertionPolicy,
  sent: Credentials,
): Promise<ProvenBy> {
  if (sent.clientId === undefined && policy.clientIdBeside === 'required') {
    throw new Refusal('client-missing', { parameter: 'client_id' });
  }
  const jwt = readAssertion(sent, policy);
  const check = { realm: call.realm, place: call.place, client, policy, jwt };
  if (policy.federated !== true || !isForeign(jwt.claims)) return await checkClientAssertion(check);
  await checkFederatedAssertion(check);
  return 'private_key_jwt';
}

function checkSecret(secret: string | undefined, client: LocalClient, now: number): void {
  const hash = digest(secret ?? '', 'hex');
  const known = client.secretHashes.find((each) => isSameDigest(each, hash));
  if (secret === undefined || known === undefined) throw new Refusal('secret-wrong', { client: client.id });
  if ((client.secretEnds?.[known] ?? Infinity) <= now) throw new Refusal('secret-expired', { client: client.id });
}

/** Id and secret are form-encoded inside the header (RFC 6749 2.3.1). */
function readBasic(authorization: string | undefined): Credentials['basic'] {
  if (!/^basic(?: |$)/i.test(authorization ?? '')) return undefined;
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '') ?? [];
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  const [id, secret] = [formDecode(text.slice(0, colon)), formDecode(text.slice(colon + 1))];
  return colon === -1 || id === undefined || secret === undefined ? {} : { id, secret };
}

function formDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
