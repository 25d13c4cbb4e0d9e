import assert from 'node:assert/strict';
import test from 'node:test';
import { requireCaller, requireConsumer, requireGroup, requireRole, requireScope } from '../index.ts';
import { makeKeys } from '../testing/fixtures.ts';
import { makePrincipals } from '../testing/principals.ts';

const { verdict } = makePrincipals(await makeKeys());

function consumer(ID: string): object {
  return { consumer: { authority: 'iso6523-actorid-upis', ID } };
}

test('a consumer is the whole number, not one that ends or begins with it (5.2)', async () => {
  const guard = requireConsumer('310000019');
  assert.equal(await verdict(guard, 'maskinporten', consumer('0192:310000019')), 'ok');
  for (const ID of ['0192:9310000019', '0192:3100000190', '0192:31000001', '0192:', '0192: 310000019']) {
    const outcome = await verdict(guard, 'maskinporten', consumer(ID));
    assert.ok(outcome === 'consumer_not_allowed' || outcome === 'token: claim_invalid', `${ID}: ${outcome}`);
  }
});

test('scopes, roles and groups are compared as whole strings, case and all (5.2)', async () => {
  for (const near of ['reads', 'rea', 'READ', 'read/more', 'a:read']) {
    assert.equal(await verdict(requireScope('read'), 'idporten', { scope: near }), 'scope_missing', near);
    assert.equal(await verdict(requireRole('read'), 'entra-machine', { roles: [near] }), 'role_missing', near);
    assert.equal(await verdict(requireGroup('read'), 'entra-user', { groups: [near] }), 'group_missing', near);
  }
  assert.equal(await verdict(requireRole('read'), 'entra-machine', { roles: undefined }), 'role_missing');
  assert.equal(await verdict(requireGroup('read'), 'entra-user', { groups: undefined }), 'group_missing');
});

test('a caller on the list is that very app, in as many parts and each part as it is (5.2)', async () => {
  assert.equal(await verdict(requireCaller(), 'tokenx-user'), 'ok');
  const near = [
    'local:fleet:portals',
    'local:fleet:porta',
    'local:fleet',
    'local:fleet:portal:x',
    'LOCAL:fleet:portal',
  ];
  for (const client_id of [...near, '', ':fleet:portal']) {
    assert.equal(await verdict(requireCaller(), 'tokenx-user', { client_id }), 'caller_not_allowed', client_id);
  }
});
