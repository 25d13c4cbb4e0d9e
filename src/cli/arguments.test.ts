import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from './arguments.ts';

const cases: readonly (readonly [string, ReturnType<typeof parseCommandLine>])[] = [
  ['', { kind: 'help' }],
  ['--help', { kind: 'help' }],
  ['up --help', { kind: 'help' }],
  ['--version', { kind: 'version' }],
  ['up', { kind: 'up', dir: undefined, json: false, without: [] }],
  ['up apps --json --without a/b --without c/d', { kind: 'up', dir: 'apps', json: true, without: ['a/b', 'c/d'] }],
  ['run a/b -- node x.js --flag', { kind: 'run', app: 'a/b', command: ['node', 'x.js', '--flag'], dir: undefined }],
  ['run a/b --dir apps -- ls', { kind: 'run', app: 'a/b', command: ['ls'], dir: 'apps' }],
  ['validate apps', { kind: 'validate', args: ['apps'] }],
  ['idp', { kind: 'idp', args: [] }],
  ['idp --help', { kind: 'help', of: 'idp' }],
  ['idp env --help', { kind: 'help', of: 'idp' }],
  ['idp --only entra --json', { kind: 'idp', args: ['--only', 'entra', '--json'] }],
  ['explain a/b c/d --provider azure', { kind: 'explain', args: ['a/b', 'c/d', '--provider', 'azure'] }],
];

for (const [line, expected] of cases) {
  test(`reads \`fullmakt ${line}\``, () => {
    assert.deepEqual(parseCommandLine(line.split(' ').filter(Boolean)), expected);
  });
}

const wrong = [
  'upp',
  'up a b',
  'up --jason',
  'up --without b',
  'run',
  'run a/b',
  'run a/b --',
  'run ../b -- ls',
  'run a/b/c -- ls',
];

for (const line of wrong) {
  test(`refuses \`fullmakt ${line}\` and says why`, () => {
    const command = parseCommandLine(line.split(' '));
    assert.equal(command.kind, 'usage');
    assert.ok(command.kind === 'usage' && command.says.length > 10);
  });
}
