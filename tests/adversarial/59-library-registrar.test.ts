import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createObserver } from '../../src/observe/observer.ts';
import { registrarEvents } from '../../src/registrar/events.ts';
import { bench, manifest } from '../../src/registrar/testing/bench.ts';
import { appId } from '../../src/registry/app-id.ts';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START } from '../../src/sdk/testing/fixtures.ts';
import { anyPrincipal, fromEnv } from '../../src/sdk/index.ts';
import { tokensFromEnv } from '../../src/sdk/tokens.ts';
import { MARK, SHORT_TOKEN, STRANGER, TOKEN, TRACES } from './59-marks.ts';

test('T59 the registrar hands keys and secrets to apps and tells nobody else', async (t) => {
  const { registrar, events } = bench(t, {
    'a/front.yaml': manifest(
      'front',
      'ingresses: [https://front.example.no]\nlogin: {provider: idporten, level: Level3}\ntokenx: {enabled: true}\nazure: {application: {enabled: true, allowAllUsers: true}}\nmaskinporten: {enabled: true, scopes: {consumes: [{name: "demo:feed"}]}}',
    ),
    'a/broken.yaml': manifest('broken', `tokenx: {enabled: ${STRANGER}}\nunknown: "${TOKEN}"`),
  });
  await registrar.start();
  const environment = registrar.environmentOf(appId('local', 'a', 'front'));
  const given = JSON.stringify(environment);
  const secrets = [...given.matchAll(/\\"(?:d|p|q|dp|dq|qi)\\":\\"([\w-]{20,})\\"/g)].map(([, value = '']) => value);
  assert.ok(secrets.length >= 6, `${secrets.length} private parts`);
  const lines: string[] = [];
  const observer = createObserver({ level: 'debug', destination: { write: (line) => lines.push(line) }, now: () => 0 });
  t.after(() => observer.close());
  const emit = observer.emitter('registrar', registrarEvents);
  for (const event of events) emit(event);
  const all = `${lines.join('')}${await observer.metrics()}`;
  assert.ok(lines.length > 2);
  for (const secret of [...secrets, ...TRACES])
    assert.ok(!all.includes(secret), `a secret in what the registrar tells: ${all.slice(0, 300)}`);
});

const giveToken = (): Promise<Response> =>
  Promise.resolve(Response.json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 300 }));

test('T59 the library tells no token, and prints none', async (t) => {
  const keys = await makeKeys();
  const told: unknown[] = [];
  const auth = fromEnv({
    env: ENV,
    fetch: keyFetch(keys).fetch,
    clock: () => START,
    maskinporten: { requiredScope: 'fleet:read' },
    onEvent: (event) => told.push(event),
    explain: true,
  });
  const tokens = tokensFromEnv({
    env: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:9/a', NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:9/b' },
    fetch: giveToken,
    clock: () => START,
    onEvent: (event) => told.push(event),
  });
  t.after(() => {
    auth.close();
    tokens.close();
  });
  const good = await mint({ ...CLAIMS['tokenx-user'], pid: STRANGER, name: MARK }, keys.issuer);
  const traces = [good, good.split('.')[1] ?? '', good.split('.')[2] ?? '', ...TRACES];
  const printed: string[] = [];
  const print = (...values: unknown[]): void => {
    for (const value of values)
      printed.push(inspect(value, { depth: 10, showHidden: true }), JSON.stringify(value) ?? '');
  };
  for (const token of [
    TOKEN,
    SHORT_TOKEN,
    MARK,
    `${good}x`,
    good.slice(0, -4),
    await mint({ ...CLAIMS['tokenx-user'], name: MARK, pid: STRANGER, exp: 1 }, keys.issuer),
  ]) {
    const verdict = await auth.validate(token);
    assert.ok(!verdict.ok);
    print(verdict.error, verdict.error.stack);
    const request = await auth.authenticate(
      { headers: { authorization: `Bearer ${token}` }, rawHeaders: ['authorization', `Bearer ${token}`] },
      anyPrincipal,
    );
    if (!request.ok) print(request.error);
  }
  const accepted = await auth.validate(good);
  assert.ok(accepted.ok);
  print(accepted.principal.token);
  assert.throws(() => JSON.parse(accepted.principal.token as unknown as string), TypeError);
  const exchanged = await tokens.onBehalfOf({ provider: 'tokenx', target: 'a', user: accepted.principal });
  assert.ok(exchanged.ok);
  print(exchanged);
  const all = [...printed, JSON.stringify(told), inspect(told, { depth: 10 })].join('\n');
  for (const trace of traces) assert.ok(!all.includes(trace), `${trace.slice(0, 40)} in what the library prints`);
});
