import assert from 'node:assert/strict';
import type { TestIssuer } from '../../src/sdk/testing.ts';

/** Asks with a token, or without. */
export async function ask(url: string, token?: string): Promise<Response> {
  return await fetch(url, { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
}

/** What the table of refusals on docs/tasks/protect-an-api.md says, and its bodies. */
export async function assertRefuses(url: string, issuer: TestIssuer, expiredBody: string): Promise<void> {
  const rows: readonly (readonly [token: string | undefined, status: number, error: string, inChallenge: boolean])[] = [
    [undefined, 401, 'invalid_token', false],
    [issuer.mint('tokenx', { expiresInSeconds: -60 }), 401, 'invalid_token', true],
    [issuer.mint('tokenx', { claims: { aud: 'test:team:other' } }), 401, 'invalid_token', true],
    [issuer.mint('tokenx').slice(0, -8), 401, 'invalid_token', true],
    [
      issuer.mint('tokenx', { claims: { acr: 'idporten-loa-substantial' } }),
      401,
      'insufficient_user_authentication',
      true,
    ],
    [issuer.mint('entra-machine'), 403, 'insufficient_scope', true],
    [issuer.mint('tokenx', { claims: { client_id: 'test:team:stranger' } }), 403, 'insufficient_scope', true],
  ];
  for (const [token, status, error, inChallenge] of rows) {
    const answer = await ask(url, token);
    const challenge = answer.headers.get('WWW-Authenticate') ?? '';
    assert.equal(answer.status, status, `${url} ${error}`);
    assert.equal(Object(await answer.json()).error, error);
    assert.equal(challenge.includes(`error="${error}"`), inChallenge, challenge);
    if (error === 'insufficient_user_authentication') assert.match(challenge, /acr_values="idporten-loa-high"/);
  }
  const expired = await ask(url, issuer.mint('tokenx', { expiresInSeconds: -60 }));
  assert.equal(
    expired.headers.get('WWW-Authenticate'),
    'Bearer error="invalid_token", error_description="the token has expired"',
  );
  assert.deepEqual(await expired.json(), JSON.parse(expiredBody));
}

/** What a token says; nobody has judged it. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** The same of a token in an `Authorization` header. */
export function bearerOf(header: string | undefined): Record<string, unknown> {
  const [scheme, token = ''] = (header ?? '').split(' ');
  assert.equal(scheme, 'Bearer');
  return claimsOf(token);
}

/** The members of an object, with their types. */
export function membersOf(value: object): unknown {
  return Object.entries(value).map(([name, member]) => [name, typeof member]);
}
