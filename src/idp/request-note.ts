import type { HttpRequest } from '../web/http.ts';
import { wholeSeconds } from './journal.ts';
import type { NotedRequest } from './journal.ts';
import type { Realm } from './persona.ts';

/** What the endpoints of all personas are called, in faults and in the list of requests; `other` is none of them. */
export const ENDPOINT_NAMES = [
  'metadata',
  'jwks',
  'authorize',
  'par',
  'token',
  'introspect',
  'revoke',
  'userinfo',
  'logout',
  'resource',
] as const;

/** Last words of the paths of all personas, and what the endpoint is called. */
const ENDPOINTS: Readonly<Record<string, (typeof ENDPOINT_NAMES)[number]>> = {
  'openid-configuration': 'metadata',
  'oauth-authorization-server': 'metadata',
  instance: 'metadata',
  'jwks.json': 'jwks',
  jwks: 'jwks',
  jwk: 'jwks',
  keys: 'jwks',
  authorize: 'authorize',
  par: 'par',
  token: 'token',
  introspect: 'introspect',
  revoke: 'revoke',
  userinfo: 'userinfo',
  logout: 'logout',
  resource: 'resource',
};

const MAX_PARAMETERS = 32;
const MAX_NAME_CHARACTERS = 64;
const ASSERTIONS = ['client_assertion', 'assertion'];
const NO_BODY = Buffer.alloc(0);

/** Names that most requests have, each kept once for all of them. */
const COMMON_NAMES: ReadonlyMap<string, string> = new Map(
  [
    'acr_values assertion client_assertion client_assertion_type client_id client_secret code code_challenge',
    'code_challenge_method code_verifier grant_type login_hint nonce prompt redirect_uri refresh_token request_uri',
    'requested_token_use resource response_type scope state token token_type_hint ui_locales',
  ]
    .flatMap((line) => line.split(' '))
    .map((name) => [name, name]),
);

/** Notes an answered request. Its body is looked at when the handler has read it (in one piece, it has no end yet), and never waited for. */
export async function noteRequest(realm: Realm, request: HttpRequest, status: number): Promise<void> {
  const { method, path, query, incoming } = request;
  const body = method === 'POST' && incoming.readableDidRead ? await readAgain(request) : NO_BODY;
  const form = body.toString('latin1');
  realm.journal.noteRequest({
    persona: realm.persona.name,
    endpoint: endpointOf(path),
    method,
    time: wholeSeconds(realm.now),
    status,
    parameters: query === '' ? namesIn(form) : [...namesIn(form), ...namesIn(query)],
    assertion: assertionIn(form, body),
  });
}

/** What an endpoint is called, by the last word of its path. */
function endpointOf(path: string): string {
  const word = path.slice(path.lastIndexOf('/') + 1);
  return Object.hasOwn(ENDPOINTS, word) ? (ENDPOINTS[word] ?? 'other') : 'other';
}

async function readAgain(request: HttpRequest): Promise<Buffer> {
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  try {
    return form ? await request.body() : NO_BODY;
  } catch {
    return NO_BODY; // too long: the answer has said so
  }
}

function namesIn(form: string): readonly string[] {
  const names: string[] = [];
  if (form === '') return names;
  for (const pair of form.split('&', MAX_PARAMETERS)) {
    // Without `=` it may be anything, a secret too.
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, Math.min(equals, MAX_NAME_CHARACTERS));
    names.push(COMMON_NAMES.get(name) ?? alone(name));
  }
  return names;
}

/** base64url needs no decoding in a form. */
function assertionIn(form: string, body: Buffer): NotedRequest['assertion'] {
  for (const name of ASSERTIONS) {
    const at = form.startsWith(`${name}=`) ? 0 : form.indexOf(`&${name}=`) + 1;
    if (at === 0 && !form.startsWith(`${name}=`)) continue;
    const start = at + name.length + 1;
    const next = form.indexOf('&', start);
    const end = next === -1 ? form.length : next;
    const first = form.indexOf('.', start);
    const second = form.indexOf('.', first + 1);
    // Taken from the bytes, so that they are no pieces of the form.
    if (first !== -1 && second !== -1 && second < end) {
      return [body.toString('latin1', start, first), body.toString('latin1', first + 1, second)];
    }
  }
  return undefined;
}

/** A copy: a piece of a text holds on to all of it, and a form has up to 64 KiB. */
function alone(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
