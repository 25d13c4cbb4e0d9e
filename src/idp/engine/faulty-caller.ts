import { readBearer } from '../../oauth/bearer.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseQuery, readForm } from '../../web/forms.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Realm } from '../persona.ts';
import { grantOfCode } from './codes.ts';
import type { UserGrant } from './user-grant.ts';

/** Who a request says it is from, and the sign-in whose code it brings. Nothing of it is proven: faults need no proof. */
export interface Caller {
  readonly client: string | undefined;
  readonly grant: UserGrant | undefined;
  /** The access token it brings, in its header or body (RFC 6750 2). */
  readonly token: string | undefined;
}

/** Reads who a request says it is from. */
export async function callerOf(realm: Realm, endpoint: string, http: HttpRequest): Promise<Caller> {
  const read = http.method === 'POST' ? await readForm(http) : parseQuery(http.query);
  const form = read.ok ? read.form : undefined;
  const code = endpoint === 'token' ? form?.get('code') : undefined;
  const bearer = readBearer(http.headers.authorization);
  const token = bearer.kind === 'token' ? bearer.token : form?.get('access_token');
  return {
    client: form?.get('client_id') ?? clientOfHeader(http) ?? clientOfToken(token) ?? clientOfAssertion(form),
    grant: code === undefined ? undefined : await grantOfCode(realm, code),
    token,
  };
}

function clientOfHeader({ headers }: HttpRequest): string | undefined {
  const [, basic] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (basic === undefined) return undefined;
  const [id = ''] = Buffer.from(basic, 'base64').toString().split(':');
  return new URLSearchParams(`id=${id}`).get('id') ?? undefined;
}

function clientOfToken(token: string | undefined): string | undefined {
  const claims = peek(token ?? '');
  return [claims['client_id'], claims['azp']].find((id) => typeof id === 'string');
}

function clientOfAssertion(form: Form | undefined): string | undefined {
  const { iss } = peek(form?.get('client_assertion') ?? form?.get('assertion') ?? '');
  return typeof iss === 'string' ? iss : undefined;
}

/** Claims of something that may be a JWT. */
function peek(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return isJsonObject(claims) ? claims : {};
  } catch {
    return {};
  }
}
