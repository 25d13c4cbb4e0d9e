import assert from 'node:assert/strict';
import test from 'node:test';
import { targetFault } from './targets.ts';

test('a list of targets allows what is on it, in every spelling of Entra, and nothing beside it (3.6)', () => {
  const LIST = ['local:fleet:register', 'fleet:read', 'fleet:write'];
  const allows = (provider: string, target: string, list: readonly string[] = LIST): boolean =>
    targetFault({ provider, target }, list) === undefined;
  assert.ok(allows('entra_id', 'anything', []), 'an empty list allows all');
  assert.ok(allows('tokenx', 'local:fleet:register'));
  assert.ok(allows('entra_id', 'local:fleet:register'));
  assert.ok(allows('entra_id', 'api://local.fleet.register/.default'));
  assert.ok(allows('entra_id', 'local:fleet:register', ['api://local.fleet.register/.default']));
  for (const target of ['local:fleet:registers', 'local:fleet', '', 'LOCAL:fleet:register', 'local:fleet:other']) {
    for (const provider of ['entra_id', 'tokenx', 'maskinporten']) assert.ok(!allows(provider, target), target);
  }
  assert.ok(!allows('tokenx', 'api://local.fleet.register/.default'), 'only Entra has two spellings');
});

function fault(target: string, provider = 'maskinporten'): string | undefined {
  return targetFault({ provider, target }, ['fleet:read', 'fleet:write']);
}

test('of several Maskinporten scopes each has to be on the list (3.6)', () => {
  for (const target of ['fleet:read', 'fleet:write fleet:read', ' fleet:read  fleet:write ']) {
    assert.equal(fault(target), undefined, target);
  }
  for (const target of [
    'fleet:read fleet:admin',
    'fleet:admin fleet:read',
    'fleet:admin',
    ' ',
    'fleet:read\tfleet:write',
  ]) {
    assert.match(fault(target) ?? '', /FULLMAKT_SIDECAR_TARGETS/, target);
  }
  assert.match(fault('fleet:read fleet:write', 'tokenx') ?? '', /FULLMAKT_SIDECAR_TARGETS/);
});
