import assert from 'node:assert/strict';
import test from 'node:test';
import { issuerForTenant, sharedIssuer } from './tenant-issuer.ts';

const SHARED = 'https://login.test/{tenantid}/v2.0';
const TENANT = '00000000-0000-4000-8000-00000000f001';
const OTHER = '00000000-0000-4000-8000-00000000f002';

test('the tenant of a token takes the place of {tenantid}, if it is a GUID and allowed (providers.md 2.2)', () => {
  assert.equal(issuerForTenant(SHARED, TENANT, [OTHER, TENANT]), `https://login.test/${TENANT}/v2.0`);
  for (const tid of [OTHER, TENANT.toUpperCase(), `${TENANT}\n`, '{tenantid}', 'evil/..', '', undefined, [TENANT]]) {
    assert.equal(issuerForTenant(SHARED, tid, [TENANT, '{tenantid}', 'evil/..', '']), undefined, String(tid));
  }
  assert.equal(issuerForTenant(SHARED, TENANT, []), undefined);
});

test('an issuer of one tenant stays as it is, whatever tid says', () => {
  for (const tid of [TENANT, undefined, 'x'])
    assert.equal(issuerForTenant('https://idp.test', tid, []), 'https://idp.test');
});

test('only the addresses that tenants share have a shared issuer', () => {
  for (const name of ['common', 'organizations']) assert.equal(sharedIssuer(`https://login.test/${name}/v2.0`), SHARED);
  assert.equal(sharedIssuer(`https://login.test/${TENANT}/v2.0`), `https://login.test/${TENANT}/v2.0`);
});
