import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseManifest } from './manifest.ts';
import { parseYaml } from './yaml-tree.ts';
import { options, ours, parse, said } from './testing/parsing.ts';

test('a whole manifest becomes a normalised spec', () => {
  const { draft, problems } = parse(`apiVersion: fullmakt.dev/v1
kind: Application
metadata: {name: soknad-api, namespace: team-a}
spec:
  ingresses: [https://soknad.example.no]
  login: {provider: idporten, level: Level4}
  tokenx: {enabled: true, token: {ttl: 300, dpop: optional}, subjectIssuers: [idporten]}
  azure: {application: {enabled: true, claims: {groups: [{id: 00000000-0000-4000-8000-0000000000E1}]}}}
  maskinporten:
    enabled: true
    scopes: {consumes: [{name: "skatt:a"}], exposes: [{enabled: true, product: fleet, name: read/all}]}
  dev: {command: [node, app.ts], cwd: sub, env: {A: 1}}
  accessPolicy:
    inbound: {rules: [{application: front, namespace: team-b, permissions: {roles: [les]}}, {application: own}]}
    outbound: {rules: [{application: register}], external: [{host: api.example.no}]}
`);
  assert.deepEqual(problems, []);
  assert.ok(draft);
  const { spec } = draft;
  assert.deepEqual(spec.login, {
    provider: 'idporten',
    level: 'idporten-loa-high',
    locale: 'nb',
    autoLogin: false,
    autoLoginIgnorePaths: [],
  });
  assert.equal(spec.idporten?.sessionLifetime, 21_600);
  assert.deepEqual(spec.tokenx, { token: { ttl: 300 }, subjectIssuers: ['idporten'] });
  assert.deepEqual(spec.azure?.groups, ['00000000-0000-4000-8000-0000000000e1']);
  assert.equal(spec.maskinporten?.exposes[0]?.name, 'example:fleet/read/all');
  assert.deepEqual(spec.dev, { command: ['node', 'app.ts'], cwd: '/srv/apps/team-a/sub', env: { A: '1' } });
  assert.deepEqual(
    spec.inbound.map(({ cluster, namespace, application, roles, position }) => [
      cluster,
      namespace,
      application,
      roles,
      position.line,
    ]),
    [
      ['local', 'team-b', 'front', ['les'], 14],
      ['local', 'team-a', 'own', [], 14],
    ],
  );
  assert.equal(spec.port, 8080);
  assert.equal(draft.positions['spec.accessPolicy.inbound.rules']?.line, 14);
});

test('a pasted NAIS manifest parses with Info and Warning only (2.5)', () => {
  const { draft, problems } = parse(`apiVersion: nais.io/v1alpha1
kind: Application
metadata: {name: soknad, labels: {team: team-a}, annotations: {nais.io/x: y}}
spec:
  image: ghcr.io/navikt/soknad:1
  replicas: {min: 1, max: 2}
  liveness: {path: /internal/alive}
  env: [{name: X, value: "{{unrendered}}"}]
  ingresses: [https://soknad.intern.example.no]
  azure:
    application: {enabled: true, claims: {groups: [{id: nonsense}], extra: [NAVident]}}
    sidecar: {enabled: true, autoLogin: true, autoLoginIgnorePaths: [/api/**], resources: {limits: {cpu: 1}}}
  tokenx: {enabled: true, unknownThing: 1}
  accessPolicy: {inbound: {rules: [{application: front}]}}
`);
  assert.deepEqual(
    problems.map(({ type, code, source }) => `${type} ${code} ${source}`),
    [
      'Info ignored-field spec.replicas',
      'Info ignored-field spec.liveness',
      'Info ignored-field spec.env',
      'Deprecation deprecated spec.azure.application.claims.extra',
      'Warning unknown-field spec.tokenx.unknownThing',
      'Warning invalid-value spec.azure.application.claims.groups[0].id',
    ],
  );
  assert.deepEqual(draft?.spec.login, {
    provider: 'azure',
    autoLogin: true,
    autoLoginIgnorePaths: ['/api/**', '/internal/alive'],
  });
  assert.equal(draft?.spec.identity.mode, 'both');
});

test('a Naisjob has no ingresses and no login', () => {
  const { draft } = parse(`apiVersion: nais.io/v1
kind: Naisjob
metadata: {name: job}
spec: {ingresses: [https://a.no], azure: {application: {enabled: true}, sidecar: {enabled: true}}}
`);
  assert.deepEqual(draft?.spec.ingresses, []);
  assert.equal(draft?.spec.login, undefined);
  assert.equal(draft?.kind, 'Naisjob');
});

function envelope(text: string): readonly string[] {
  return said(text).map((line) => line.replace('apps/team-a/soknad.yaml:', ''));
}

test('the envelope is checked as well', () => {
  assert.deepEqual(envelope('apiVersion: fullmakt.dev/v2\nkind: Application\nmetadata: {name: a}'), [
    '1:13 error invalid-value apiVersion: expected apiVersion fullmakt.dev/v1 with kind Application (or nais.io Application, Naisjob)',
  ]);
  assert.deepEqual(envelope('apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: A_b}'), [
    '3:18 error invalid-value metadata.name: expected lower-case letters, digits and inner hyphens, at most 63',
  ]);
  assert.deepEqual(
    envelope('apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: a, namespace: b}\nspce: {}'),
    [
      '4:1 error unknown-field spce: no such field; did you mean "spec"?',
      '3:32 error conflict metadata.namespace: the folder says team-a, the manifest says b',
    ],
  );
  assert.deepEqual(
    envelope(
      'apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: a, annotations: {fullmakt.dev/on-deelte: x}}',
    ),
    [
      '3:35 error unknown-field metadata.annotations.fullmakt.dev/on-deelte: no such annotation; did you mean "fullmakt.dev/on-delete"?',
    ],
  );
  assert.equal(parse('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}').relevant, false);
});

function hash(spec: string): string | undefined {
  return parse(ours(spec)).draft?.hash;
}

test('equal manifests have equal hashes, a changed value another', () => {
  assert.equal(hash('port: 1000'), hash('port: 1000'));
  assert.notEqual(hash('port: 1000'), hash('port: 1001'));
});

test('no text makes the reader throw, hang or return an app with an Error', () => {
  const whole = ours(
    'ingresses: [https://a.no]\nlogin: {provider: azure}\naccessPolicy: {inbound: {rules: [{application: a}]}}',
  );
  const mutated = fc.tuple(fc.nat(whole.length), fc.nat(20), fc.string({ maxLength: 8 })).map(([at, drop, text]) => {
    return whole.slice(0, at) + text + whole.slice(at + drop);
  });
  const property = fc.property(fc.oneof(mutated, fc.string()), (text) => {
    const began = performance.now();
    for (const document of parseYaml(Buffer.from(text))) {
      if (!document.ok) continue;
      const { draft, problems } = parseManifest(document.tree, options);
      assert.ok(draft === undefined || problems.every((problem) => problem.type !== 'Error'));
      for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1);
    }
    assert.ok(performance.now() - began < 10_000);
  });
  fc.assert(property, { numRuns: 300 });
});
