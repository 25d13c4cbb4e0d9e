import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appId } from '../registry/app-id.ts';
import { externalId } from './external-id.ts';

test('client ids are the same after every wipe, and differ by app and provider (section 1)', () => {
  const api = appId('local', 'team-a', 'api');
  assert.equal(externalId(api, 'azure'), externalId(api, 'azure'));
  assert.notEqual(externalId(api, 'azure'), externalId(api, 'idporten'));
  assert.notEqual(externalId(api, 'azure'), externalId(appId('local', 'team-b', 'api'), 'azure'));
});
