import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idpEvents } from '../../src/idp/events.ts';
import { CLIENTS } from '../../src/idp/testing/rows.ts';
import { authorizeUrl, CALLBACK, PID } from '../../src/idp/testing/sign-in.ts';
import { ASSERTION_TYPE } from '../../src/idp/testing/world.ts';
import { signJws } from '../../src/oauth/jws.ts';
import { createObserver } from '../../src/observe/observer.ts';
import { openProviders } from './60-idp-world.ts';
import type { Message, Providers } from './60-idp-world.ts';
import { AT_ONCE, createHeapMeter, FORM, REQUESTS, segment } from './36-floods.ts';

/** At full scale there are ten times more of each kind than are remembered: everything is full after the first half and stays so; at quick scale a thousand more of each kind have to fit. */
const GROWTH_BYTES = 16 * 1024 * 1024;

const heapBytes = createHeapMeter();
const query = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

const post = (at: Message['at'], target: string, fields: Readonly<Record<string, string>>): Message => ({
  at,
  method: 'POST',
  target,
  headers: FORM,
  body: query(fields),
});
const get = (at: Message['at'], target: string, headers = {}): Message => ({
  at,
  method: 'GET',
  target,
  headers,
  body: undefined,
});

/** The nth request: each kind has something in it that was never sent before. */
async function strange({ openid }: Providers, n: number): Promise<Message> {
  const login = new URL(authorizeUrl({ state: `s${n}`, nonce: `n${n}` }));
  switch (n % 10) {
    case 0:
      return get('ID-porten', `/path-${n}/token-${n}`, { 'x-correlation-id': `c${n}`, 'user-agent': `agent ${n}` });
    case 1:
      return post('ID-porten', '/token', { client_id: `client-${n}`, client_secret: 'x', grant_type: `grant-${n}` });
    case 2: {
      const assertion = `${segment({ alg: 'RS256', kid: `kid-${n}` })}.${segment({ iss: CLIENTS.feed, jti: `jti-${n}` })}.AAAA`;
      return post('Maskinporten', '/token', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
    }
    case 3: {
      const { now } = openid.world.clock;
      const claims = { iss: 'key', sub: 'key', aud: openid.issuer, iat: now, exp: now + 60, jti: `jti-${n}` };
      const client_assertion = await signJws({}, claims, openid.key);
      return post('OpenID', '/introspect', { client_assertion_type: ASSERTION_TYPE, client_assertion, token: `t${n}` });
    }
    case 4:
      return get('ID-porten login', `${login.pathname}${login.search}`, {
        cookie: `fm_idporten_tx=${`${n}`.padStart(43, 'x')}`,
      });
    case 5: {
      const url = new URL(openid.authorizeUrl({ state: `s${n}`, login_hint: `testid:${PID}` }));
      return get('OpenID', `${url.pathname}${url.search}`);
    }
    case 6:
      return get('Entra ID (http)', `/tenant-${n}.example.test/oauth2/v2.0/authorize?client_id=${n}`);
    case 7:
      return post('ID-porten', '/par', { client_id: `${n}`, redirect_uri: `${CALLBACK}/${n}`, scope: `scope-${n}` });
    case 8:
      return post('OpenID', '/token', {
        client_id: 'web',
        grant_type: 'authorization_code',
        code: `code-${n}`,
        [`p${n}`]: '1',
      });
    default:
      return get('ID-porten login', `/logout?${query({ state: `s${n}`, id_token_hint: `h${n}.a.b` })}`);
  }
}

test(`T36 ${REQUESTS} requests of which no two are alike: memory and metrics of the local providers stay where they were`, async (t) => {
  const providers = await openProviders();
  t.after(() => providers.close());
  const { world, send } = providers;
  const observer = createObserver({ destination: { write: () => undefined }, now: () => world.clock.now });
  t.after(() => observer.close());
  const emit = observer.emitter('idp', idpEvents);
  const flood = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += AT_ONCE) {
      const messages = Array.from({ length: AT_ONCE }, (_, index) => strange(providers, n + index));
      const answers = await Promise.all(messages.map(async (message) => await send(await message)));
      for (const { status } of answers) assert.ok(status < 500);
      for (const event of world.events.splice(0)) emit(event);
    }
  };
  await flood(0, REQUESTS / 2);
  const [before, seriesBefore] = [heapBytes(), (await observer.metrics()).split('\n')];
  await flood(REQUESTS / 2, REQUESTS);
  const [after, series] = [heapBytes(), (await observer.metrics()).split('\n')];
  assert.equal(series.length, seriesBefore.length, 'no label says what a stranger chose');
  assert.ok(series.some((line) => line.startsWith('fullmakt_idp_refusals_total')));
  assert.ok(series.every((line) => !/-\d{4}|s\d{4}/.test(line)));
  const growth = after - before;
  assert.ok(growth < GROWTH_BYTES, `${growth} bytes more after the second half`);
  t.diagnostic(`${Math.round(growth / 1024)} KiB more after the second half of ${REQUESTS}`);
  const { counters } = (await providers.control('GET', '/v1/requests')).body;
  assert.ok(Array.isArray(counters) && counters.length < 60, 'counted by endpoint, not by path');
});
