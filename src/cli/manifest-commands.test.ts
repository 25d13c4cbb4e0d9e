import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { explainGrant } from './explain.ts';
import { validate } from './validate.ts';

const cwd = mkdtempSync(join(tmpdir(), 'fullmakt-cli-'));
after(() => rmSync(cwd, { recursive: true }));

function put(name: string, spec: string): void {
  const file = join(cwd, name);
  mkdirSync(join(file, '..'), { recursive: true });
  const app = name.replace(/.*\/|\.yaml$/g, '');
  writeFileSync(file, `apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata:\n  name: ${app}\nspec:\n${spec}`);
}

put('good/a/front.yaml', '  tokenx: {enabled: true}\n  azure: {application: {enabled: true}}\n');
put(
  'good/b/api.yaml',
  '  tokenx: {enabled: true}\n  accessPolicy:\n    inbound:\n      rules:\n        - {application: front, namespace: a}\n',
);
put('bad/a/front.yaml', '  tokenx: {enbled: true}\n');

test('validate prints nothing but the count for good manifests, and ends with 0', () => {
  assert.deepEqual(validate(['good'], cwd), { exitCode: 0, stdout: '2 valid apps\n', stderr: '' });
});

test('validate prints every problem with its place, and ends with 1 (section 6)', () => {
  const line = 'bad/a/front.yaml:6:12 error unknown-field spec.tokenx.enbled: no such field; did you mean "enabled"?\n';
  assert.deepEqual(validate(['bad'], cwd), { exitCode: 1, stdout: `${line}0 valid apps, 1 error\n`, stderr: '' });
  assert.equal(validate(['bad/a/front.yaml'], cwd).stdout, `${line}0 valid apps, 1 error\n`);
  const { problems } = JSON.parse(validate(['bad', '--json'], cwd).stdout);
  assert.equal(problems[0].source, 'spec.tokenx.enbled');
});

test('validate of nothing, or with an unknown option, is wrong usage', () => {
  assert.equal(validate(['absent'], cwd).exitCode, 2);
  assert.equal(validate(['--nonsense'], cwd).exitCode, 2);
  assert.match(validate([], cwd).stderr, /neither fullmakt\/ nor examples\//);
});

test('explain names the rule that allows', () => {
  assert.deepEqual(explainGrant(['a/front', 'b/api', '--dir', 'good'], cwd), {
    exitCode: 0,
    stdout:
      'yes: local:a:front gets a TokenX token (exchange) for local:b:api\n  by spec.accessPolicy.inbound.rules[0] in good/b/api.yaml:10\n',
    stderr: '',
  });
});

test('explain names the line that would allow, and ends with 1', () => {
  const { exitCode, stdout } = explainGrant(['b/api', 'local:a:front', '--dir', 'good'], cwd);
  assert.equal(exitCode, 1);
  assert.equal(
    stdout,
    'no: local:b:api gets no TokenX token (exchange) for local:a:front\n  no-rule: no inbound rule of the target names the consumer\n' +
      '  to allow it, add `- {application: api, namespace: b}` under spec.accessPolicy.inbound.rules in good/a/front.yaml:5\n',
  );
  const azure = explainGrant(['a/front', 'b/api', '--provider', 'azure', '--dir', 'good', '--json'], cwd);
  assert.equal(JSON.parse(azure.stdout).reason, 'target-provider-off');
});

test('explain without two apps or with another provider is wrong usage', () => {
  for (const args of [['a/front'], ['a/front', 'b'], ['a/front', 'b/api', '--provider', 'idporten']]) {
    assert.equal(explainGrant([...args, '--dir', 'good'], cwd).exitCode, 2);
  }
});
