import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from './manifest.ts';
import type { ParsedManifest } from './manifest.ts';
import { parseYaml } from './yaml-tree.ts';

function parse(yaml: string): ParsedManifest {
  const [document] = parseYaml(Buffer.from(yaml));
  assert.ok(document?.ok, JSON.stringify(document));
  return parseManifest(document.tree, {
    cluster: 'local',
    file: 'a/x.yaml',
    folder: '/a',
    namespace: 'a',
    naisIdentityMode: 'both',
    entraTenants: [],
    prefixOf: () => 'example',
  });
}

const head = 'apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: x}\nspec:\n';
const codes = (yaml: string): readonly string[] =>
  parse(head + yaml).problems.map(({ code, source }) => `${code} ${source}`);

test('an Error behind a hundred lesser problems still refuses the app, and is told (2.6)', () => {
  const noise = Array.from({ length: 150 }, (_, index) => `  junk${index}: 1\n`).join('');
  const nais = 'apiVersion: nais.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: a}\nspec:\n';
  const { draft, problems } = parse(`${nais}${noise}  ingresses: [http://not-secure.example.no]\n`);
  assert.equal(draft, undefined);
  assert.equal(problems.length, 100);
  assert.deepEqual(
    problems.filter(({ type }) => type === 'Error').map(({ source }) => source),
    ['spec.ingresses[0]'],
  );
});

test('what would break a URL, an environment file or a redirect is refused where it is written', () => {
  for (const bad of [
    'https://a.no/\\nb',
    "https://a.no/it's",
    'https://a.no/a b',
    'https://a.no/\\\\evil',
    'https://a.no/a/../b',
  ]) {
    assert.deepEqual(codes(`  ingresses: ["${bad}"]`), ['invalid-value spec.ingresses[0]'], bad);
  }
  assert.deepEqual(
    codes('  ingresses: ["https://a.no", "https://a.no/", "https://a.no:8443/b/c", "https://A.no/x"]'),
    [],
  );
  for (const bad of ["a:it's", 'a:say\\"so', 'a:$HOME', 'a:`id`', 'a:b\\\\c']) {
    const path = 'spec.maskinporten.scopes.consumes[0].name';
    const yaml = `  maskinporten: {enabled: true, scopes: {consumes: [{name: "${bad}"}]}}`;
    assert.ok(codes(yaml).includes(`invalid-value ${path}`), bad);
  }
  for (const bad of ['../admin', 'a/b', "it's", '', 'x?y']) {
    const yaml = `  azure: {application: {enabled: true, tenant: "${bad}"}}`;
    assert.deepEqual(codes(yaml), ['invalid-value spec.azure.application.tenant'], bad);
  }
});

const login = (more: string): string =>
  `  ingresses: [https://a.no]\n  login: {provider: idporten, autoLogin: true${more}}`;

test('one exempt path stays one: a comma cannot open a second (security.md 20)', () => {
  assert.deepEqual(codes(login(', autoLoginIgnorePaths: ["/files,/**"]')), [
    'invalid-value spec.login.autoLoginIgnorePaths[0]',
  ]);
  const nais = 'apiVersion: nais.io/v1alpha1\nkind: Application\nmetadata: {name: x, namespace: a}\nspec:\n';
  const probes = '\n  liveness: {path: "/**"}\n  readiness: {path: "/a,/**"}\n  prometheus: {path: /metrics}\n';
  assert.deepEqual(parse(nais + login('') + probes).draft?.spec.login?.autoLoginIgnorePaths, ['/metrics']);
});
