import assert from 'node:assert/strict';
import test from 'node:test';
import { requireAcr } from '../index.ts';
import type { MinimumAcr } from './acr.ts';
import { makeKeys } from '../testing/fixtures.ts';
import { judge, makePrincipals } from '../testing/principals.ts';

const keys = await makeKeys();
const { of } = makePrincipals(keys);

/** What each minimum accepts, row by row of sidecar-sdk.md 5.2. */
const MATRIX: Readonly<Record<string, readonly MinimumAcr[]>> = {
  'selfregistered-email': [],
  'idporten-loa-low': [],
  'idporten-loa-substantial': ['substantial'],
  Level3: ['substantial'],
  'idporten-loa-high': ['substantial', 'high'],
  Level4: ['substantial', 'high'],
  'eidas-loa-low': [],
  'eidas-loa-substantial': ['eidas-substantial'],
  'eidas-loa-high': ['eidas-substantial', 'eidas-high'],
  level4: [],
  Level5: [],
  '4': [],
  high: [],
  '': [],
  'idporten-loa-high ': [],
  'idporten-loa-high idporten-loa-low': [],
};
const MINIMA = ['substantial', 'high', 'eidas-substantial', 'eidas-high'] as const;

for (const kind of ['tokenx-user', 'idporten', 'oidc'] as const) {
  test(`each level against each minimum, for ${kind} (5.2)`, async () => {
    for (const [acr, accepted] of Object.entries(MATRIX)) {
      const who = await of(kind, { acr });
      for (const minimum of MINIMA) {
        const expected = accepted.includes(minimum) ? 'ok' : 'acr_too_low';
        assert.equal(judge(requireAcr(minimum), who), expected, `${acr} for ${minimum}`);
      }
    }
  });
}

test('a token without a level reaches none', async () => {
  for (const kind of ['tokenx-user', 'entra-user', 'maskinporten', 'oidc'] as const) {
    const who = await of(kind, { acr: undefined });
    for (const minimum of MINIMA) assert.equal(judge(requireAcr(minimum), who), 'acr_too_low', kind);
  }
});

test('the challenge asks for the least value that would pass (RFC 9470 3)', async () => {
  const who = await of('tokenx-user', { acr: undefined });
  for (const [minimum, least] of [
    ['substantial', 'idporten-loa-substantial'],
    ['high', 'idporten-loa-high'],
    ['eidas-substantial', 'eidas-loa-substantial'],
    ['eidas-high', 'eidas-loa-high'],
  ] as const) {
    const outcome = requireAcr(minimum)(who);
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.status, 401);
    const challenge = outcome.error.challenge() ?? '';
    assert.ok(challenge.startsWith('Bearer error="insufficient_user_authentication"'), challenge);
    assert.ok(challenge.includes(`acr_values="${least}"`), challenge);
    assert.equal(judge(requireAcr(minimum), await of('tokenx-user', { acr: least })), 'ok');
  }
});
