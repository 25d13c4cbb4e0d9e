import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplyOutcome } from './outcome.ts';
import { formatProblem } from './problem.ts';
import { bench, manifest, put } from './testing/bench.ts';
import { ours, parse } from './testing/parsing.ts';

const told = ({ problems }: ApplyOutcome): readonly string[] =>
  problems.map(({ id, problem }) => `${problem.type} ${problem.code} ${id}`);
const named = (name: string, ...resources: readonly string[]): string =>
  manifest(name, `tokenx: {enabled: true, resources: [${resources.map((each) => `"${each}"`).join(', ')}]}`);
const asking = (audience: string): string =>
  manifest('web', `tokenx: {enabled: true, grantTypes: [client_credentials], defaultAudience: "${audience}"}`);
const placed = (name: string, ingress: string): string => manifest(name, `ingresses: [${ingress}]`);

test('M1, M2, P1: what an app may ask for and how it is named are read, and reach its client', async (t) => {
  const spec = `tokenx:
  enabled: true
  grantTypes: [token-exchange, client_credentials, client_credentials]
  defaultAudience: local:a:api
  resources: ["https://api.example.no/v1", "urn:example:web"]`;
  const { draft, problems } = parse(ours(spec));
  assert.deepEqual(problems, []);
  const expected = {
    token: {},
    grantTypes: ['token-exchange', 'client_credentials'],
    defaultAudience: 'local:a:api',
    resources: ['https://api.example.no/v1', 'urn:example:web'],
  };
  assert.deepEqual(draft?.spec.tokenx, expected);
  const { registrar, registry } = bench(t, { 'a/web.yaml': manifest('web', spec), 'a/api.yaml': manifest('api', '') });
  assert.deepEqual(told(await registrar.start()), []);
  const snapshot = registry.snapshot();
  assert.deepEqual(snapshot.clientOf('local:a:web', 'tokenx')?.registration, { provider: 'tokenx', ...expected });
  assert.equal(snapshot.appOfResource('https://API.example.no:443/v1'), 'local:a:web');
});

test('what is wrong with them is told at its place, with the likely right name', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [
      'grantTypes: [password]',
      ['5:37 error invalid-value spec.tokenx.grantTypes[0]: expected token-exchange, client_credentials'],
    ],
    [
      'grants: [client_credentials]',
      ['5:24 error unknown-field spec.tokenx.grants: no such field; did you mean "grantTypes"?'],
    ],
    [
      'defaultAudiense: "a:b:c"',
      ['5:24 error unknown-field spec.tokenx.defaultAudiense: no such field; did you mean "defaultAudience"?'],
    ],
    [
      'grantTypes: [client_credentials], defaultAudience: api',
      ['5:75 error invalid-value spec.tokenx.defaultAudience: expected an app id, cluster:namespace:name'],
    ],
    [
      'defaultAudience: "local:a:api"',
      [
        '5:24 warning ignored-field spec.tokenx.defaultAudience: has no effect unless grantTypes has client_credentials',
      ],
    ],
    [
      'resources: [/api]',
      [
        '5:36 error invalid-value spec.tokenx.resources[0]: expected an absolute URI without query, fragment or user info',
      ],
    ],
    [
      'resources: ["https://a.example.no/?x"]',
      [
        '5:36 error invalid-value spec.tokenx.resources[0]: expected an absolute URI without query, fragment or user info',
      ],
    ],
    [
      'token: {claims: [acr, scope]}',
      [
        '5:46 error invalid-value spec.tokenx.token.claims[1]: scope is set or dropped by TokenX itself and cannot be listed',
      ],
    ],
    [
      'token: {dpop: required}',
      ['5:32 error invalid-value spec.tokenx.token.dpop: tokens cannot be bound to a key yet'],
    ],
  ];
  for (const [fields, expected] of cases) {
    const { problems } = parse(ours(`tokenx: {enabled: true, ${fields}}`));
    const lines = problems.map((problem) => formatProblem(problem).replace('apps/team-a/soknad.yaml:', ''));
    assert.deepEqual(
      lines.map((line) => line.replace(/^5:\d+/, '')),
      expected.map((line) => line.replace(/^5:\d+/, '')),
      fields,
    );
    for (const line of lines) assert.match(line, /^5:\d+ /);
  }
});

const NAIS = `apiVersion: nais.io/v1alpha1\nkind: Application\nmetadata: {name: soknad, namespace: team-a}\nspec:\n  tokenx: {enabled: true, mountSecretsAsFilesOnly: true}\n`;

test('a pasted NAIS manifest is read as before: TokenX is on or off', () => {
  const { draft, problems } = parse(NAIS);
  assert.deepEqual(problems, []);
  assert.deepEqual(draft?.spec.tokenx, { token: {} });
});

test('P1: a resource identifier has one owner: who has it keeps it, whatever its spelling', async (t) => {
  const { registrar, registry, dir } = bench(t, {
    'a/one.yaml': named('one', 'https://api.example.no/v1'),
    'a/two.yaml': named('two', 'HTTPS://API.example.no:443/v1'),
  });
  assert.deepEqual(told(await registrar.start()), ['Error resource-taken local:a:two']);
  put(dir, { 'a/aaa.yaml': named('aaa', 'https://api.example.no/v1'), 'a/two.yaml': named('two', 'urn:example:two') });
  assert.deepEqual(told(await registrar.apply()), ['Error resource-taken local:a:aaa']);
  assert.equal(registry.snapshot().appOfResource('https://api.example.no/v1'), 'local:a:one');
  assert.equal(registry.snapshot().appOfResource('urn:example:two'), 'local:a:two');
});

test("P1: nobody new names an address under another app's ingress; who named it first is not put out by a later ingress", async (t) => {
  const { registrar, registry, dir } = bench(t, {
    'a/api.yaml': placed('api', 'https://api.example.no/app'),
    'a/thief.yaml': named('thief', 'https://api.example.no/app/admin'),
    'a/beside.yaml': named('beside', 'https://api.example.no/app2'),
  });
  assert.deepEqual(told(await registrar.start()), ['Error resource-taken local:a:thief']);
  put(dir, { 'a/all.yaml': placed('all', 'https://api.example.no'), 'a/thief.yaml': manifest('thief', '') });
  assert.deepEqual(told(await registrar.apply()), []);
  assert.equal(registry.snapshot().appOfResource('https://api.example.no/app2'), 'local:a:beside');
  assert.equal(registry.snapshot().appOfResource('https://api.example.no/app/admin'), 'local:a:api');
  assert.equal(registry.snapshot().appOfResource('https://api.example.no/app3'), 'local:a:all');
});

test('M2: a default target that does not exist is a warning with the likely right name; other clusters are not seen from here', async (t) => {
  const { registrar, registry, dir } = bench(t, {
    'a/web.yaml': asking('local:a:apii'),
    'a/api.yaml': manifest('api', ''),
  });
  const outcome = await registrar.start();
  assert.deepEqual(told(outcome), ['Warning unknown-target local:a:web']);
  assert.equal(outcome.problems[0]?.problem.hint, 'did you mean local:a:api?');
  assert.notEqual(registry.snapshot().app('local:a:web'), undefined);
  put(dir, { 'a/web.yaml': asking('prod:a:api') });
  assert.deepEqual(told(await registrar.apply()), []);
});
