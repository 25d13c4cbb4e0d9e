import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { loopbackFetch } from '../loopback.ts';
import { forms, headers, OPEN_FIELDS, SECRET_FIELDS } from './59-attacks.ts';
import { b64, MARK, SHORT_TOKEN, STRANGER, TOKEN, TRACES } from './59-marks.ts';
import { startSidecarAlone } from './sidecar-alone.ts';
import type { SidecarAlone } from './sidecar-alone.ts';
import { until } from '../until.ts';
import { listen } from '../servers/listen.ts';

/* What must stay secret, through every door of a `fullmakt sidecar` that tells as much as it can: log, figures, probes, collector. */

const PATHS = [
  '/api/v1/token',
  '/api/v1/token/exchange',
  '/api/v1/introspect',
  '/oauth2/tokenx/token',
  '/oauth2/introspect',
  '/x',
];

/** Everything that is sent to a collector, as text. */
async function startCollector(t: TestContext): Promise<{ readonly url: string; readonly got: string[] }> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      got.push(`${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString('utf8')}`);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  const port = await listen(t, server);
  return { url: `http://127.0.0.1:${port}`, got };
}

interface Watched {
  readonly sidecar: SidecarAlone;
  readonly answers: string[];
  readonly secrets: Set<string>;
  /** Stops it and looks for secrets in all it ever told. */
  readonly findNone: () => Promise<void>;
}

async function open(t: TestContext): Promise<Watched> {
  const collector = await startCollector(t);
  const sidecar = await startSidecarAlone(t, {
    env: {
      LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      FULLMAKT_SIDECAR_VALIDATE_USER_TOKEN: 'true',
    },
  });
  const secrets = new Set(TRACES);
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
    const jwk: Readonly<Record<string, string>> = JSON.parse(sidecar.issuer.env['AZURE_APP_JWK'] ?? '{}');
    const member = jwk[name];
    if (member !== undefined) secrets.add(member);
  }
  const answers: string[] = [];
  return {
    sidecar,
    answers,
    secrets,
    async findNone() {
      const probes = await Promise.all(
        ['/metrics', '/readyz', '/healthz', '/'].map(async (path) => (await fetch(`${sidecar.probes}${path}`)).text()),
      );
      await until(
        () =>
          collector.got.some((text) => text.startsWith('/v1/traces')) &&
          collector.got.some((text) => text.startsWith('/v1/metrics')),
      );
      assert.equal(await sidecar.stop(), 0);
      for (const { form } of sidecar.issuer.requests)
        for (const name of ['client_assertion', 'assertion', 'subject_token'])
          for (const part of (form.get(name) ?? '').split('.').slice(1)) if (part !== '') secrets.add(part);
      const told = {
        log: sidecar.said(),
        probes: probes.join('\n'),
        collector: collector.got.join('\n'),
        answers: answers.join('\n'),
        summary: JSON.stringify(sidecar.summary),
      };
      assert.ok(told.log.split('\n').length > 20 && collector.got.length > 1);
      for (const [place, text] of Object.entries(told))
        for (const secret of secrets) {
          const at = text.indexOf(secret);
          assert.equal(at, -1, `in ${place}: …${text.slice(Math.max(0, at - 300), at + secret.length + 20)}`);
        }
      for (const line of told.log
        .trimEnd()
        .split('\n')
        .filter((each) => !each.startsWith('(node:') && !each.startsWith('(Use `node'))) {
        assert.notEqual((JSON.parse(line) as Readonly<Record<string, unknown>>)['event'], 'forged');
        // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
      }
    },
  };
}

test('T59 what strangers send in the place of a secret is told nowhere by the sidecar, whichever door they send it to', async (t) => {
  const { sidecar, answers, findNone } = await open(t);
  const send = async (
    path: string,
    body: string,
    sent: Readonly<Record<string, string>>,
    mayTell = false,
  ): Promise<void> => {
    const answer = await loopbackFetch(`${sidecar.origin}${path}`, { method: 'POST', headers: { ...sent }, body });
    const told = [...answer.headers].filter(([name]) => name !== 'x-correlation-id').join();
    // Targets and types are told back to whoever sent them.
    const text = await answer.text();
    if (!mayTell) answers.push(`${answer.status} ${told} ${text}`);
  };
  for (const path of PATHS) {
    for (const provider of ['entra_id', 'tokenx', 'maskinporten', 'idporten', MARK]) {
      for (const [round, { body, shown }] of forms().entries()) {
        const form = new URLSearchParams(body);
        form.set('identity_provider', provider);
        const given = round % 2 === 0 ? Object.fromEntries(form) : form.toString();
        const type = round % 2 === 0 ? 'application/json' : 'application/x-www-form-urlencoded';
        const text = typeof given === 'string' ? given : JSON.stringify(given);
        await send(path, text, { ...headers(round, shown), 'content-type': type }, !shown || provider === MARK);
      }
    }
    const all = JSON.stringify(Object.fromEntries([...SECRET_FIELDS, ...OPEN_FIELDS].map((name) => [name, TOKEN])));
    await send(path, all, { ...headers(1), 'content-type': 'application/json' }, true);
    await send(`${path}?user_token=${TOKEN}&token=${MARK}`, '{}', {
      'content-type': 'application/json',
      traceparent: MARK,
    });
    await send(path, MARK, { 'content-type': MARK }, true);
    await send(path, '{}', {
      'content-type': 'application/json',
      origin: `https://${MARK}.example`,
      'user-agent': TOKEN,
    });
    await send(path, '{}', { 'content-type': 'application/json', tracestate: `a=${MARK}`, baggage: `a=${STRANGER}` });
  }
  await findNone();
});

test('T59 user tokens, provider tokens, assertions, persons and keys in good and nearly good requests are told nowhere by the sidecar', async (t) => {
  const { sidecar, secrets, findNone } = await open(t);
  const { issuer } = sidecar;
  const kept = (token: string): string => {
    for (const part of token.split('.').slice(1)) if (part.length > 8) secrets.add(part);
    return token;
  };
  const person = { claims: { sub: STRANGER, pid: STRANGER, name: MARK, jti: `jti-${MARK}`, oid: MARK } };
  const ask = async (path: string, body: object): Promise<number> => {
    const { status, body: text } = await sidecar.post(path, body);
    const given: unknown = status === 200 ? JSON.parse(text) : {};
    const token = Object.getOwnPropertyDescriptor(given, 'access_token')?.value;
    if (typeof token === 'string') kept(token);
    return status;
  };
  const good = kept(issuer.mint('tokenx', person));
  const entra = kept(issuer.mint('entra-user', { claims: { name: MARK, preferred_username: STRANGER } }));
  const bad = [
    kept(issuer.mint('tokenx', { ...person, expiresInSeconds: -5 })),
    kept(issuer.mint('tokenx', { claims: { ...person.claims, iss: MARK } })),
    kept(issuer.mint('tokenx', { ...person, header: { kid: MARK } })),
    kept(issuer.mint('tokenx', { ...person, header: { kid: TOKEN } })),
    kept(issuer.mint('tokenx', { claims: { ...person.claims, aud: MARK } })),
    kept(`${good.slice(0, -8)}AAAAAAAA`),
    TOKEN,
    SHORT_TOKEN,
    MARK,
    `${b64({ alg: 'RS256', kid: '\r\n{"event":"forged"}\u2028' })}.${b64({ iss: '\r\n{"event":"forged"}' })}.AAAA`,
  ];
  const round = async (): Promise<readonly number[]> =>
    Promise.all([
      ask('/api/v1/token', {
        identity_provider: 'entra_id',
        target: 'api://test.team.other/.default',
        skip_cache: true,
      }),
      ask('/api/v1/token', { identity_provider: 'maskinporten', target: 'test:data/read', skip_cache: true }),
      ask('/api/v1/token/exchange', {
        identity_provider: 'tokenx',
        target: 'test:team:other',
        user_token: good,
        skip_cache: true,
      }),
      ask('/api/v1/token/exchange', {
        identity_provider: 'entra_id',
        target: 'api://a.b.c/.default',
        user_token: entra,
        skip_cache: true,
      }),
    ]);
  assert.deepEqual(await round(), [200, 200, 200, 200]);
  for (const token of [good, ...bad]) {
    await ask('/api/v1/introspect', { identity_provider: 'tokenx', token });
    await ask('/api/v1/token/exchange', { identity_provider: 'tokenx', target: 'test:team:other', user_token: token });
  }
  for (const target of ['\r\n{"event":"forged"}\n\u2028', `test:team:${'x'.repeat(300)}`])
    await ask('/api/v1/token/exchange', { identity_provider: 'tokenx', target, user_token: good });
  for (const how of ['error', 'garbage', 'down'] as const) {
    issuer.fail(how);
    assert.ok((await round()).every((status) => status >= 400));
  }
  issuer.fail();
  await findNone();
});
