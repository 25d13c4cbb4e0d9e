import { publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { CLIENT_ASSERTION_TYPE } from '../../oauth/client-assertion.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import { FORM, ISSUER, sign } from './world.ts';
import type { Answer, Change, World } from './world.ts';

/** What operators of the tests name in `aud`. */
export const ADMIN_AUDIENCE: string = `${ISSUER}/admin`;

/** An operator that signs for itself and may do everything in the cluster `dev`. */
export function selfSigned(key: PrivateJwk, changes: Partial<OperatorSettings> = {}): OperatorSettings {
  return {
    name: 'chief',
    jwks: { keys: [publicJwk(key)] },
    audience: [ADMIN_AUDIENCE],
    subjects: ['chief'],
    rights: ['register', 'explain', 'revoke', 'keys', 'read'],
    clients: ['dev:*'],
    ...changes,
  };
}

/** The bearer token of the operator `chief`; undefined leaves a claim out. */
export async function bearer(
  world: World,
  key: PrivateJwk,
  { claims, header }: Omit<Change, 'key'> = {},
): Promise<string> {
  const iat = Math.floor(world.clock.now);
  return sign({ iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE, iat, exp: iat + 300, ...claims }, key, header);
}

/** Asks for an administrative answer with a JSON body. */
export async function administer(
  world: World,
  path: string,
  { token, body, method = 'POST' }: { readonly token?: string; readonly body?: unknown; readonly method?: string },
): Promise<Answer> {
  return world.sendInternal(method, path, {
    headers: {
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? '' : JSON.stringify(body),
  });
}

/** Asks about a token as this application (`/introspect`, `/revoke`). */
export async function askAs(
  world: World,
  app: string,
  { path, token, more = {} }: { readonly path: string; readonly token: string; readonly more?: Record<string, string> },
): Promise<Answer> {
  const id = `dev:fleet:${app}`;
  const form = new URLSearchParams({
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await world.assertion({ claims: { iss: id, sub: id } }),
    token,
    ...more,
  });
  return world.send('POST', path, { body: form.toString(), headers: FORM });
}

/** A token of this caller for this target, out of a fresh login or of another token. */
export async function tokenFor(
  world: World,
  [caller, target]: readonly [string, string],
  subjectToken?: string,
): Promise<string> {
  const answer = await exchangeAs(world, [caller, target], subjectToken);
  if (answer.status !== 200) throw new Error(`no token: ${answer.text}`);
  return String(answer.body['access_token']);
}

/** Asks for a token as this caller. */
export async function exchangeAs(
  world: World,
  [caller, target]: readonly [string, string],
  subjectToken?: string,
): Promise<Answer> {
  const id = `dev:fleet:${caller}`;
  return world.exchange({
    audience: `dev:fleet:${target}`,
    client_assertion: await world.assertion({ claims: { iss: id, sub: id } }),
    ...(subjectToken === undefined ? {} : { subject_token: subjectToken }),
  });
}

/** Revokes a token as an application. */
export async function revokeAs(world: World, app: string, token: string): Promise<Answer> {
  return askAs(world, app, { path: '/revoke', token });
}

/** What introspection tells an application of a token: whether it is active. */
export async function isActive(world: World, app: string, token: string): Promise<unknown> {
  return (await askAs(world, app, { path: '/introspect', token })).body['active'];
}
