import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { Headers } from '../testing/checks.ts';
import { allowed, ask, CHECK, NAMES, ON, RULES } from '../testing/checks.ts';
import { HOST, startWorld } from '../testing/proxy.ts';
import { askedTarget } from './target.ts';

test('forwarded-uri-from-stranger-ignored: target headers of a peer that is not listed choose nothing (L2, T22, FA-1)', async (t) => {
  for (const trusted of ['', '192.0.2.0/24']) {
    const world = await startWorld(t, {
      env: { ...ON, FULLMAKT_LOGIN_TRUSTED_PROXIES: trusted, FULLMAKT_LOGIN_RULES: RULES },
    });
    const stranger = world.newBrowser();
    for (const style of NAMES) {
      const denied = style === 'forwarded' || style === 'envoy' ? 302 : 401;
      for (const target of ['/public/x', '/maybe/x', '/../x', '/api/x']) {
        const headers = { authorization: 'Bearer theirs', 'x-original-url': `https://${HOST}/public/x` };
        const answer = await ask(world, style, { target, headers, browser: stranger });
        assert.equal(answer.status, denied, `${style} ${target}`);
        assert.doesNotMatch(answer.headers.location ?? '', /public/);
      }
    }
    await world.logIn();
    for (const style of NAMES) assert.equal((await ask(world, style, { target: '/x' })).status, allowed(style));
  }
});

test('with no target at all the question is whether there is a session (section 13)', async (t) => {
  const world = await startWorld(t, {
    env: { ...ON, FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/**', login: 'exempt' }]) },
  });
  assert.equal((await world.browser.ask(CHECK)).status, 401);
  await world.logIn();
  assert.equal((await world.browser.ask(CHECK)).status, 204);
  world.clock.seconds += 11 * 3600;
  assert.equal((await world.browser.ask(CHECK)).status, 401);
});

test('a target that is no request to one of our hosts is refused with 400 (FA-1, PX-2)', async (t) => {
  const world = await startWorld(t, { env: { ...ON, FULLMAKT_LOGIN_RULES: RULES } });
  await world.logIn();
  const paths = [
    '/public/../x',
    '/public/%2e%2e/x',
    '/public//x',
    '/public/%2f',
    '/a;b',
    '/%00',
    '/public/%252e',
    '/a%',
    '/a\\b',
  ];
  for (const style of NAMES) {
    for (const target of paths) {
      const answer = await ask(world, style, { target });
      assert.equal(answer.status, 400, `${style} ${target}`);
    }
  }
  const headers: readonly Headers[] = [
    { 'x-original-url': `http://${HOST}/x` },
    { 'x-original-url': 'https://evil.test/x' },
    { 'x-original-url': `https://${HOST}.evil.test/x` },
    { 'x-original-url': `https://u@${HOST}/x` },
    { 'x-original-url': `https://${HOST}:8443/x` },
    { 'x-original-url': `ftp://${HOST}/x` },
    { 'x-original-url': 'not a url' },
    { 'x-original-url': `https://${HOST}/x`, 'x-original-method': 'GE T' },
    { 'x-original-url': `https://${HOST}/x`, 'x-original-method': '' },
    { 'x-original-url': [`https://${HOST}/public/x`, `https://${HOST}/x`] },
    { 'x-original-uri': 'relative' },
    { 'x-original-uri': '/x#y' },
  ];
  for (const each of headers)
    assert.equal((await world.browser.ask(CHECK, { headers: each })).status, 400, JSON.stringify(each));
  const forwarded: readonly Headers[] = [
    { 'x-forwarded-uri': '/x', 'x-forwarded-proto': 'http' },
    { 'x-forwarded-uri': '/x', 'x-forwarded-proto': 'gopher' },
    { 'x-forwarded-uri': ['/public/x', '/x'], 'x-forwarded-proto': 'https' },
  ];
  for (const each of forwarded)
    assert.equal(
      (await world.browser.ask(`${CHECK}?mode=redirect`, { headers: each })).status,
      400,
      JSON.stringify(each),
    );
  const elsewhere = { 'x-forwarded-uri': '/x', 'x-forwarded-host': 'evil.test' };
  assert.equal((await world.browser.ask(`${CHECK}?mode=redirect`, { headers: elsewhere })).status, 421);
});

test('a target is the end of the one header that names it; a header that came twice names none (property)', () => {
  const value = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.constantFrom('/a', 'https://a.test/b', 'https://a.test', '?', '//'),
  );
  const names = ['x-original-url', 'x-original-uri', 'x-original-method', 'x-forwarded-uri', 'x-forwarded-host'];
  const headers = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom('plain' as const, 'redirect' as const), headers, (style, pairs) => {
      const read = pairs.filter(([name]) => name.startsWith(style === 'plain' ? 'x-original-' : 'x-forwarded-'));
      const request = { method: 'GET', rawHeaders: pairs.flat(), host: 'h.test', below: '' };
      const finding = askedTarget(style, request, 'https');
      const byName = new Map(read);
      if (byName.size < read.length) return assert.equal(finding.kind, 'unclear');
      const source = byName.get('x-original-url') ?? byName.get('x-original-uri') ?? byName.get('x-forwarded-uri');
      if (source === undefined) return assert.equal(finding.kind, 'none');
      if (finding.kind !== 'target') return assert.equal(finding.kind, 'unclear');
      const { target } = finding.asked;
      assert.ok(source.endsWith(target) || (target.startsWith('/') && source.endsWith(target.slice(1))), target);
    }),
  );
});
