import assert from 'node:assert/strict';
import test from 'node:test';
import { createObserver } from '../observe/observer.ts';
import { startCollector } from '../observe/testing/collector.ts';
import { openTracer } from '../observe/tracing-otlp.ts';
import { loginEvents } from './figures/wonderwall.ts';
import { HOST, startWorld } from './testing/proxy.ts';
import type { World } from './testing/proxy.ts';

const CANARY = 'canary-4711';
/** Everything a stranger or a provider can put a secret in. */
const HEADERS = {
  authorization: `Bearer ${CANARY}`,
  cookie: `__Host-fullmakt.session=${CANARY}; other=${CANARY}`,
  referer: `https://${HOST}/${CANARY}?code=${CANARY}`,
  'user-agent': CANARY,
  'x-forwarded-for': CANARY,
  'x-forwarded-host': CANARY,
  baggage: `user=${CANARY}`,
  tracestate: `v=${CANARY}`,
};

async function live(world: World): Promise<readonly string[]> {
  const pages: string[] = [];
  world.provider.bends.answer = { access_token: `access-${CANARY}`, refresh_token: `refresh-${CANARY}` };
  world.provider.bends.idToken = { pid: CANARY, name: CANARY };
  await world.logIn();
  pages.push((await world.browser.ask('/oauth2/session')).body);
  world.clock.seconds += 3601;
  await world.browser.ask(`/x/${CANARY}?q=${CANARY}`);
  await world.newBrowser().ask(`/x/${CANARY}?q=${CANARY}`, { headers: HEADERS });
  await world.newBrowser().ask(`/oauth2/${CANARY}`, { headers: HEADERS, method: 'POST', body: `token=${CANARY}` });
  await world.newBrowser(CANARY).visit(`/${CANARY}`, { headers: HEADERS, cookies: false });
  await world.newBrowser().ask(`/oauth2/callback?code=${CANARY}&state=${CANARY}`, { headers: HEADERS });
  await world.newBrowser().ask(`/oauth2/logout/frontchannel?sid=${CANARY}&iss=${CANARY}`, { headers: HEADERS });
  world.provider.bends.callback = { code: CANARY, error: 'server_error', error_description: CANARY };
  pages.push((await world.logIn()).body);
  world.provider.bends.callback = { code: CANARY };
  pages.push((await world.logIn()).body);
  pages.push((await world.browser.ask('/oauth2/logout/callback')).body);
  return pages;
}

test('canary-tokens-never-leak: no token, code, cookie or name in events, log lines, audit, metrics, traces or pages (L17, OP-5)', async (t) => {
  const lines: string[] = [];
  const audit: string[] = [];
  const collector = await startCollector();
  t.after(() => collector.close());
  const observer = createObserver({
    level: 'debug',
    destination: { write: (line) => lines.push(line) },
    auditSink: { write: (records) => void audit.push(...records), ready: () => true, close: () => undefined },
    now: () => 0,
  });
  t.after(() => observer.close());
  const emit = observer.emitter('login', loginEvents({ wonderwallNames: true, provider: 'idporten' }));
  const tracer = await openTracer({ enabled: true, serviceName: 'fullmakt-login', url: collector.url });
  const world = await startWorld(t, { onEvent: emit, watch: { tracer, within: observer.within } });
  const pages = await live(world);
  await tracer.close();
  const told = {
    events: [JSON.stringify(world.events)],
    lines,
    audit,
    metrics: [await observer.metrics()],
    traces: collector.raw,
    pages,
  };
  for (const [place, texts] of Object.entries(told)) {
    assert.ok(texts.length > 0, place);
    const found = texts.find((text) => text.includes(CANARY));
    assert.equal(found, undefined, `a canary in the ${place}`);
  }
  assert.ok(lines.length > world.events.length && audit.length > 5);
  assert.ok(collector.spans.length > 20 && collector.spans.some(({ name }) => name === 'POST token'));
  assert.match(told.metrics.join(''), /fullmakt_login_logins_total\{[^}]*outcome="succeeded"/);
});
