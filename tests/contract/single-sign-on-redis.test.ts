import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { signedInAtA, startDomain } from '../../src/login/testing/domain.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import { noRedis, startRedis } from '../servers/redis.ts';

/** Rights of a user that may only read and hear of changes, as docs/single-sign-on.md has them. */
const PAGE = readFileSync(new URL('../../docs/single-sign-on.md', import.meta.url), 'utf8');
const [, RIGHTS = ''] = /a user with `([^`]+)`/.exec(PAGE) ?? [];

test('SS-1: on a real store, proxies whose user may only read have every session the server keeps, and its end', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis('--user', 'reader', 'on', '>reading', ...RIGHTS.split(' '));
  t.after(() => redis.close());
  const store = openRedisStore(redis.url);
  t.after(() => store.close());
  const storeOfProxies = openRedisStore(redis.url.replace('://', '://reader:reading@'));
  t.after(() => storeOfProxies.close());
  await assert.rejects(storeOfProxies.put('login:probe', Buffer.of(1), 10));
  const domain = await startDomain(t, { store, storeOfProxies });
  const browser = await signedInAtA(domain);
  assert.equal((await browser.visit(domain.b, '/')).status, 200);
  const query = `sid=sid-1&iss=${encodeURIComponent(domain.provider.issuer)}`;
  assert.equal((await browser.ask(domain.a, `/oauth2/logout/frontchannel?${query}`)).status, 200);
  assert.equal((await browser.visit(domain.b, '/')).status, 302);
});
