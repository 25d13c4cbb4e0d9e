import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { anyPrincipal, create, fromEnv } from '../../src/sdk/index.ts';
import { createTestIssuer, fakeClock } from '../../src/sdk/testing.ts';
import { tokensFromEnv } from '../../src/sdk/tokens.ts';
import { openAsker } from './36-asker.ts';
import type { Strange } from './36-asker.ts';
import { createHeapMeter, segment } from './36-floods.ts';
import { HEAP_ON_SIGNAL, heapBytes, rssBytes } from './process-memory.ts';
import { isFull } from './scale.ts';
import { startSidecarAlone } from './sidecar-alone.ts';
import type { SidecarAlone } from './sidecar-alone.ts';
import { until } from '../until.ts';

/* Requests of which no two are alike, at a sidecar in a process of its own and in the library. */

const REQUESTS = isFull ? 1_000_000 : 20_000;
const SDK_STEPS = isFull ? 1_000_000 : 20_000;
const AT_ONCE = 16;
const KINDS = 12;
const MIB = 1024 * 1024;
/** Tokens of strangers' targets are kept until their time is over, up to this many bytes: it is full long before the half. */
const CACHE_BYTES = MIB;
const GROWTH_BYTES = 8 * MIB;

/** Those below are sent on to a provider, signed here and there: only a part of them, or it would be a test of signing. */
const SENT_ON = 5;
const ONE_IN = isFull ? 10 : 3;
const kindOf = (n: number): number => {
  const kind = n % KINDS;
  return kind < SENT_ON && n % (ONE_IN * KINDS) >= KINDS ? SENT_ON : kind;
};

/** The nth request: each kind has something in it that was never sent before. */
function strange({ issuer }: SidecarAlone, tokens: readonly string[], n: number): Strange {
  const hex = createHash('sha256').update(String(n)).digest('hex');
  const unsigned = `${segment({ alg: 'RS256', kid: `kid-${n}` })}.${segment({ iss: issuer.env['TOKEN_X_ISSUER'], sub: `sub-${n}`, jti: hex })}.AAAA`;
  const trace = { traceparent: `00-${hex.slice(0, 32)}-${hex.slice(0, 16)}-01`, 'x-correlation-id': `c${n}` };
  switch (kindOf(n)) {
    case 0:
      return {
        path: '/api/v1/token',
        body: { identity_provider: 'entra_id', target: `api://test.team.t-${n}/.default` },
      };
    case 1:
      return {
        path: '/api/v1/token',
        body: { identity_provider: 'maskinporten', target: `test:s-${n}`, resource: `https://r${n}.example` },
      };
    case 2: {
      const details = [{ type: `type-${n}` }];
      return {
        path: '/api/v1/token',
        body: { identity_provider: 'maskinporten', target: 'test:data/read', authorization_details: details },
      };
    }
    case 3: {
      const user_token = tokens[n % tokens.length] ?? '';
      return {
        path: '/api/v1/token/exchange',
        body: { identity_provider: 'tokenx', target: `test:team:t-${n}`, user_token },
      };
    }
    case 4:
      return {
        path: '/api/v1/token/exchange',
        body: { identity_provider: 'tokenx', target: 'test:team:t', user_token: unsigned },
      };
    case 5:
    case 6:
      return { path: '/api/v1/introspect', body: { identity_provider: 'tokenx', token: unsigned } };
    case 7:
      return {
        path: '/api/v1/introspect',
        body: { identity_provider: n % 2 === 0 ? 'entra_id' : 'idporten', token: `${unsigned}${hex}` },
      };
    case 8:
      return { path: `/path-${n}/token?q=${n}`, body: {}, headers: trace };
    case 9:
      return { path: '/api/v1/token', body: { identity_provider: `provider-${n}`, target: 'a', [`field-${n}`]: n } };
    case 10:
      return {
        path: '/api/v1/token',
        body: `identity_provider=entra_id&x-${n}=1`,
        headers: { ...trace, 'content-type': `application/x-${n}` },
      };
    default:
      return {
        path: '/api/v1/introspect',
        body: {},
        headers: { [`x-${n}`]: '1', host: `h${n}.example`, origin: `https://o${n}.example`, 'user-agent': `ua-${n}` },
      };
  }
}

const labels = (metrics: string): readonly string[] =>
  metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

/** Fetches of keys show up once the pause between two is over, which may be in either half: four issuers, three reasons, three outcomes. */
const FETCHES = 'fullmakt_sidecar_jwks_total';
const MOST_FETCH_SERIES = 36;
const settled = (metrics: string): readonly string[] => labels(metrics).filter((line) => !line.startsWith(FETCHES));

function figure(metrics: string, name: string): number {
  return labels(metrics)
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test(`T36 ${REQUESTS} requests of which no two are alike: memory, caches and metrics of a fullmakt sidecar stay where they were`, async (t) => {
  const env = { ...HEAP_ON_SIGNAL, FULLMAKT_SIDECAR_CACHE_MAX_BYTES: String(CACHE_BYTES), LOG_LEVEL: 'error' };
  const sidecar = await startSidecarAlone(t, { env });
  const tokens = Array.from({ length: 50 }, (_, n) => sidecar.issuer.mint('tokenx', { claims: { sub: `user-${n}` } }));
  const statuses = new Map<number, number>();
  const flood = async (from: number, to: number): Promise<void> => {
    let next = from;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const asker = await openAsker(t, sidecar);
        while (next < to) {
          const one = strange(sidecar, tokens, next++);
          const status = await asker.ask(one);
          assert.ok(status < 500, `${status} for ${one.path} ${JSON.stringify(one.body).slice(0, 300)}`);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
        asker.close();
      }),
    );
  };
  const metricsOf = async (): Promise<string> => (await fetch(`${sidecar.probes}/metrics`)).text();
  await flood(0, REQUESTS / 2);
  const [before, seriesBefore] = [await heapBytes(sidecar), settled(await metricsOf()).length];
  await flood(REQUESTS / 2, REQUESTS);
  const [after, metrics] = [await heapBytes(sidecar), await metricsOf()];
  assert.equal(settled(metrics).length, seriesBefore, 'no label says what a stranger chose');
  assert.ok(labels(metrics).length - seriesBefore <= MOST_FETCH_SERIES);
  assert.doesNotMatch(metrics, /(?:path|kid|sub|provider|type|field|user|ua|[tschox])-?\d{3,}/);
  assert.ok(after - before < GROWTH_BYTES, `${after - before} bytes more after the second half`);
  assert.ok(figure(metrics, 'fullmakt_sidecar_cache_bytes{cache="token"') <= CACHE_BYTES);
  assert.ok(
    (statuses.get(200) ?? 0) > REQUESTS / 3 && (statuses.get(400) ?? 0) > REQUESTS / 20,
    [...statuses].join(' '),
  );
  const rss = rssBytes(sidecar.summary.pid);
  assert.ok(rss < 250 * MIB, `${rss} bytes`);
  const entries = figure(metrics, 'fullmakt_sidecar_cache_entries');
  t.diagnostic(
    `${Math.round((after - before) / 1024)} KiB more after the second half; RSS ${Math.round(rss / MIB)} MiB; ${entries} entries; ${labels(metrics).length} series`,
  );
});

const answer = (): Promise<Response> =>
  Promise.resolve(Response.json({ access_token: 'x'.repeat(800), token_type: 'Bearer', expires_in: 3600 }));

test(`T36 ${SDK_STEPS} tokens, targets, users, kids and issuers of which no two are alike: the library keeps no more than its bounds`, async (t) => {
  const clock = fakeClock();
  const issuer = await createTestIssuer({ clock });
  const auth = fromEnv({
    env: issuer.env,
    fetch: issuer.fetch,
    clock,
    maskinporten: { requiredScope: 'test:data/read' },
    verifiedCache: { maxEntries: 1000, maxAgeSeconds: 300 },
  });
  const tokens = tokensFromEnv({
    env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:9/a', NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:9/b' },
    fetch: answer,
    clock,
  });
  t.after(() => {
    auth.close();
    tokens.close();
  });
  await auth.ready();
  const heap = createHeapMeter();
  const steps = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n += 1) {
      const unsigned = `${segment({ alg: 'RS256', kid: `kid-${n}` })}.${segment({ iss: n % 2 === 0 ? issuer.env['TOKEN_X_ISSUER'] : `https://i${n}.example`, sub: `u${n}`, jti: `j${n}` })}.AAAA`;
      assert.equal((await auth.validate(unsigned)).ok, false);
      const refused = await auth.authenticate(
        { headers: { authorization: `Bearer ${unsigned}x`, [`x-${n}`]: `${n}` } },
        anyPrincipal,
      );
      assert.equal(refused.ok, false);
      if (n % 10 === 0)
        assert.equal((await auth.validate(issuer.mint('tokenx', { claims: { sub: `u${n}` } }))).ok, true);
      const user = `${segment({ alg: 'RS256' })}.${segment({ sub: `u${n}`, exp: clock() + 3600 })}.AAAA`;
      const asked = await tokens.onBehalfOf({ provider: 'tokenx', target: `a:b:t-${n}`, user });
      assert.ok(asked.ok);
      // The library keeps what a sidecar gave for a minute: as much as may come in that time.
      if (n % 100 === 0) clock.advance(5);
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const half = SDK_STEPS / 2;
  // What is over is let go of once a second, by a timer.
  const atRest = async (isSo: (bytes: number) => boolean): Promise<number> => {
    clock.advance(120);
    await until(() => isSo(heap()));
    return heap();
  };
  const start = heap();
  await steps(0, half);
  const before = await atRest((bytes) => bytes - start < 2 * GROWTH_BYTES);
  await steps(half, SDK_STEPS);
  const after = await atRest((bytes) => bytes - before < GROWTH_BYTES);
  const fetches = issuer.requests.length;
  // At most one in a cool-down of four seconds at the least, for the four issuers.
  assert.ok(fetches <= 8 + ((SDK_STEPS / 100) * 5) / 4, `${fetches} fetches`);
  t.diagnostic(`${Math.round((after - before) / 1024)} KiB more after the second half; ${fetches} fetches`);
});

test('T36 generic issuers are those of the configuration: a token of another makes no traffic and leaves nothing', async (t) => {
  let fetched = 0;
  const auth = create(
    [
      {
        provider: 'oidc:mine',
        issuer: 'https://op.example',
        keys: { jwksUri: 'https://op.example/jwks' },
        audience: ['a'],
      },
    ],
    { env: {}, fetch: () => Promise.reject(new TypeError(`no ${(fetched += 1)}`)) },
  );
  t.after(() => auth.close());
  for (let n = 0; n < 1000; n += 1) {
    const token = `${segment({ alg: 'RS256', kid: 'k' })}.${segment({ iss: `https://op.example/${n}` })}.AAAA`;
    const verdict = await auth.validate(token);
    assert.ok(!verdict.ok && verdict.error.code === 'issuer_unknown');
  }
  assert.equal(fetched, 0);
});
