import assert from 'node:assert/strict';
import { importVerificationKey } from '../../oauth/jwk.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import { signInByPage } from './page.ts';
import { redirected } from './sign-in.ts';
import { ISSUERS, type World } from './world.ts';

/** The code of a sign-in at the page with these fault boxes ticked. */
export async function codeWith(world: World, ...faults: readonly string[]): Promise<string> {
  return redirected(await signInByPage(world, { fields: { fault: faults } })).get('code') ?? '';
}

/** The header of a token, read and not checked. */
export function headerOf(token: unknown): Record<string, unknown> {
  const header: unknown = JSON.parse(Buffer.from(String(token).split('.')[0] ?? '', 'base64url').toString());
  assert.ok(isJsonObject(header));
  return { ...header };
}

async function publishedKeys(world: World): Promise<readonly unknown[]> {
  const body: unknown = await (await world.fetch(`${ISSUERS.idporten}/jwks.json`)).json();
  assert.ok(isJsonObject(body) && Array.isArray(body['keys']));
  return body['keys'];
}

/** Whether a published key signed this token, whatever it says of the key's name. */
export async function isSigned(world: World, token: unknown): Promise<boolean> {
  const keys = await publishedKeys(world);
  try {
    const jwt = parseJwt(String(token));
    verifyJwtSignature(jwt, keys.map(importVerificationKey), { algorithms: ['RS256'], kidRequired: false });
    return true;
  } catch {
    return false;
  }
}

/** The names of the keys the issuer publishes now, in its order. */
export async function published(world: World): Promise<readonly string[]> {
  const keys = await publishedKeys(world);
  return keys.map((key) => (isJsonObject(key) ? String(key['kid']) : ''));
}
