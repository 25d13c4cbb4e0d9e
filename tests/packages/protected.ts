import assert from 'node:assert/strict';
import type { TestIssuer } from '../../src/sdk/testing.ts';

/** What every one of the applications does: `/healthz` is open, `/case` is for citizens at the highest level and exchanges their token. */
export async function assertProtected(origin: string, issuer: TestIssuer): Promise<void> {
  const call = (token?: string): Promise<Response> =>
    fetch(`${origin}/case`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  assert.equal(await (await fetch(`${origin}/healthz`)).text(), 'ok');

  const anonymous = await call();
  assert.equal(anonymous.status, 401);
  assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Bearer/);

  const machine = await call(issuer.mint('entra-machine'));
  assert.equal(machine.status, 403);

  const low = await call(issuer.mint('tokenx', { claims: { acr: 'idporten-loa-substantial' } }));
  assert.equal(low.status, 401);
  assert.match(low.headers.get('www-authenticate') ?? '', /insufficient_user_authentication.*idporten-loa-high/);

  const token = issuer.mint('tokenx');
  const good = await call(token);
  const body: unknown = await good.json();
  assert.equal(good.status, 200, JSON.stringify(body));
  const { sub, pid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { id, pid: seen, expires } = Object(body);
  assert.deepEqual([id, seen], [sub, pid]);
  assert.ok(expires > Date.now() / 1000 + 60);
}
