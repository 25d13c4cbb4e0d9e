import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specShape } from './fields/spec.ts';
import { formatProblem } from './problem.ts';
import type { Shape } from './shape.ts';
import { ours, parse, said } from './testing/parsing.ts';

test('an unknown field is named with file, line, column, path and the likely right name (2.6)', () => {
  const yaml = `apiVersion: fullmakt.dev/v1
kind: Application
metadata:
  name: soknad
spec:
  ingresses: [https://soknad.example.no]
  login:
    provider: idporten
    autologin: true
`;
  assert.deepEqual(said(yaml), [
    'apps/team-a/soknad.yaml:9:5 error unknown-field spec.login.autologin: no such field; did you mean "autoLogin"?',
  ]);
});

const CASES: readonly [title: string, spec: string, expected: readonly string[]][] = [
  [
    'a field at the wrong level',
    'autoLogin: true',
    [
      '5:3 error unknown-field spec.autoLogin: no such field; "autoLogin" belongs in spec.login or spec.azure.sidecar or spec.idporten.sidecar',
    ],
  ],
  ['an alias', 'entra: {}', ['5:3 error unknown-field spec.entra: no such field; did you mean "azure"?']],
  ['text for a number', 'port: eighty', ['5:9 error wrong-type spec.port: expected a whole number, found text']],
  ['a number out of range', 'port: 70000', ['5:9 error invalid-value spec.port: expected a number from 1 to 65535']],
  ['a port of the sidecar', 'port: 7164', ['5:9 error invalid-value spec.port: this port belongs to the sidecar']],
  [
    'text for a truth value',
    'tokenx: {enabled: "yes"}',
    ['5:21 error wrong-type spec.tokenx.enabled: expected true or false, found text'],
  ],
  ['a scalar for a map', 'tokenx: true', ['5:11 error wrong-type spec.tokenx: expected a map, found a boolean']],
  [
    'a word that is none of the known',
    'identity: {mode: key}',
    ['5:20 error invalid-value spec.identity.mode: expected workload, keys, both'],
  ],
  [
    'an insecure ingress',
    'ingresses: [http://a.example.no]',
    ['5:15 error invalid-value spec.ingresses[0]: expected https (http on localhost only)'],
  ],
  [
    'an ingress with a query',
    'ingresses: ["https://a.example.no/?x=1"]',
    ['5:15 error invalid-value spec.ingresses[0]: expected no query, fragment or user info'],
  ],
  [
    'two ports',
    'port: 1000\nupstream: {port: 2000}',
    ['6:14 error conflict spec.upstream.port: spec.port is 1000, spec.upstream.port is 2000: set one of them'],
  ],
  [
    'a login without ingress',
    'login: {provider: azure}',
    ['4:1 error missing-field spec.ingresses: a login needs at least one ingress; see spec.login'],
  ],
  [
    'a rule without application',
    'accessPolicy: {inbound: {rules: [{namespace: team-b}]}}',
    ['5:36 error missing-field spec.accessPolicy.inbound.rules[0].application: application is missing: expected text'],
  ],
  [
    'inbound without rules',
    'accessPolicy: {inbound: {}}',
    ['5:18 error missing-field spec.accessPolicy.inbound.rules: rules is missing: expected a list'],
  ],
  [
    'a cluster pattern',
    'accessPolicy: {inbound: {rules: [{application: a, cluster: "*"}]}}',
    [
      '5:62 error invalid-value spec.accessPolicy.inbound.rules[0].cluster: expected lower-case letters, digits and inner hyphens, at most 63',
    ],
  ],
  [
    'a group that is no UUID',
    'azure: {application: {enabled: true, claims: {groups: [{id: abc}]}}}',
    ['5:59 error invalid-value spec.azure.application.claims.groups[0].id: expected the id of a group, a UUID'],
  ],
  [
    'an organisation number as a number',
    'maskinporten: {enabled: true, scopes: {exposes: [{enabled: true, product: p, name: n, consumers: [{orgno: 310000027}]}]}}',
    [
      '5:109 error wrong-type spec.maskinporten.scopes.exposes[0].consumers[0].orgno: expected text, found a number; put it in quotes',
    ],
  ],
  [
    'a scope for no kind of client, delegated though its separator is a colon',
    'maskinporten: {enabled: true, scopes: {exposes: [{enabled: true, product: p, name: n, allowedIntegrations: [], delegationSource: altinn}]}}',
    [
      '5:89 error invalid-value spec.maskinporten.scopes.exposes[0].allowedIntegrations: expected at least one kind of client',
      '5:114 error conflict spec.maskinporten.scopes.exposes[0].delegationSource: only a scope whose separator is / can be delegated',
    ],
  ],
  [
    'a Maskinporten client for nothing',
    'maskinporten: {enabled: true}',
    [
      '5:3 error missing-field spec.maskinporten.scopes: a Maskinporten client needs a scope that it consumes or exposes',
    ],
  ],
  [
    'a placeholder',
    'ingresses: ["https://{{host}}"]',
    ['5:15 error template-placeholder spec.ingresses[0]: an unrendered {{placeholder}}; render the manifest first'],
  ],
  [
    'a bare placeholder',
    'image: {{image}}',
    ['5:10 error template-placeholder spec.image: an unrendered {{placeholder}}; render the manifest first'],
  ],
  [
    'a variable of ours',
    'dev: {command: x, env: {AZURE_APP_CLIENT_ID: x}}',
    ['5:27 error invalid-value spec.dev.env.AZURE_APP_CLIENT_ID: this variable is set by Fullmakt'],
  ],
  [
    'a level without ID-porten',
    'ingresses: [https://a.no]\nlogin: {provider: azure, level: Level4}',
    ['6:28 error conflict spec.login.level: level belongs to a login with idporten'],
  ],
  [
    'exempt paths without autoLogin',
    'ingresses: [https://a.no]\nlogin: {provider: azure, autoLoginIgnorePaths: [/x]}',
    ['6:28 error conflict spec.login.autoLoginIgnorePaths: paths are exempt from nothing: autoLogin is off'],
  ],
  [
    'two logins',
    'ingresses: [https://a.no]\nlogin: {provider: azure}\nidporten: {sidecar: {enabled: true}}',
    ['7:14 error conflict spec.idporten.sidecar: two logins: spec.login in line 6, spec.idporten.sidecar in line 7'],
  ],
];

test('every wrong value is said where it stands, and no app comes of it', () => {
  for (const [title, spec, expected] of CASES) {
    const parsed = parse(ours(spec));
    const lines = parsed.problems.map((problem) => formatProblem(problem).replace('apps/team-a/soknad.yaml:', ''));
    assert.deepEqual(lines, expected, title);
    assert.equal(parsed.draft, undefined, title);
    assert.equal(parsed.id, 'local:team-a:soknad', 'an invalid manifest still counts as present');
  }
});

test('all problems are told, not only the first', () => {
  assert.equal(said(ours('port: x\ntokenxx: {}\ningresses: [nonsense]')).length, 3);
});

/** Every field below a shape with the path to its map, as YAML keys. */
function everyField(shape: Shape<unknown>, path: readonly string[] = []): readonly (readonly string[])[] {
  const below = shape.item === undefined ? [] : everyField(shape.item, [...path, '[]']);
  return Object.entries(shape.fields ?? {}).reduce(
    (all, [name, field]) => [...all, [...path, name], ...everyField(field.shape, [...path, name])],
    below,
  );
}

function nested(path: readonly string[], leaf: string): string {
  return path.reduceRight((inner, key) => (key === '[]' ? `[${inner}]` : `{${key}: ${inner}}`), `{${leaf}: x}`);
}

test('a typo of a field is answered with the right name in at least 95 of 100 cases (section 15)', () => {
  const fields = everyField(specShape).filter((path) => path.at(-1) !== '[]');
  assert.ok(fields.length > 80);
  let [right, tried] = [0, 0];
  for (const path of fields) {
    const name = path.at(-1) ?? '';
    const middle = Math.floor(name.length / 2);
    const typos = [
      `${name.slice(0, middle)}${name.slice(middle + 1)}`,
      `${name.slice(0, middle)}q${name.slice(middle)}`,
      `${name}s`,
    ].filter((typo) => !fields.some((other) => other.join('.') === [...path.slice(0, -1), typo].join('.')));
    for (const typo of typos) {
      tried++;
      const found = said(
        `apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: a}\nspec: ${nested(path.slice(0, -1), typo)}\n`,
      );
      if (found.some((line) => line.includes(`did you mean "${name}"?`))) right++;
    }
  }
  assert.ok(right / tried >= 0.95, `${right} of ${tried}`);
});
