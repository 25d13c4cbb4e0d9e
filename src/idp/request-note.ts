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

/** Notes an answered request. Its body is looked at when the handler has read it, and never waited for. */
export async function noteRequest(realm: Realm, request: HttpRequest, status: number): Promise<void> {
  const { method, path, query, incoming } = request;
  const body = method === 'POST' && incoming.readableEnded ? await readAgain(request) : '';
  realm.journal.noteRequest({
    persona: realm.persona.name,
    endpoint: endpointOf(path),
    method,
    time: wholeSeconds(realm.now),
    status,
    parameters: [...namesIn(body), ...namesIn(query)],
    assertion: assertionIn(body),
  });
}

/** What an endpoint is called, by the last word of its path. */
function endpointOf(path: string): string {
  const word = path.slice(path.lastIndexOf('/') + 1);
  return Object.hasOwn(ENDPOINTS, word) ? (ENDPOINTS[word] ?? 'other') : 'other';
}

async function readAgain(request: HttpRequest): Promise<string> {
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  try {
    return form ? (await request.body()).toString('latin1') : '';
  } catch {
    return ''; // too long: the answer has said so
  }
}

function namesIn(form: string): readonly string[] {
  if (form === '') return [];
  return form.split('&', MAX_PARAMETERS).flatMap((pair) => {
    // Without `=` it may be anything, a secret too.
    const equals = pair.indexOf('=');
    return equals === -1 ? [] : [alone(pair.slice(0, Math.min(equals, MAX_NAME_CHARACTERS)))];
  });
}

/** base64url needs no decoding in a form. */
function assertionIn(form: string): NotedRequest['assertion'] {
  for (const name of ASSERTIONS) {
    const at = form.startsWith(`${name}=`) ? 0 : form.indexOf(`&${name}=`) + 1;
    if (at === 0 && !form.startsWith(`${name}=`)) continue;
    const start = at + name.length + 1;
    const end = form.indexOf('&', start);
    const [header, claims, signature] = form.slice(start, end === -1 ? undefined : end).split('.', 3);
    if (header !== undefined && claims !== undefined && signature !== undefined) return [alone(header), alone(claims)];
  }
  return undefined;
}

/** A copy: a piece of a text holds on to all of it, and a form has up to 64 KiB. */
function alone(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
