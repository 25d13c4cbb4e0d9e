import assert from 'node:assert/strict';
import test from 'node:test';
import { fromEnv } from '../index.ts';
import type { Fullmakt } from '../index.ts';
import { createTestIssuer, fakeClock } from '../testing.ts';
import type { TestIssuer, TokenKind } from '../testing.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const KINDS: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'entra-id-token',
  'tokenx',
  'tokenx-machine',
  'idporten',
  'idporten-id-token',
  'maskinporten',
];

function authOf({ env, fetch }: TestIssuer): Fullmakt {
  return fromEnv({ env, fetch, clock, maskinporten: { requiredScope: 'test:data/read' } });
}

for (const kind of KINDS) {
  test(`a token of kind ${kind} is ${kind.endsWith('id-token') ? 'refused' : 'accepted'} (5.1)`, async (t) => {
    const auth = authOf(issuer);
    t.after(() => auth.close());
    const outcome = await auth.validate(issuer.mint(kind));
    assert.equal(outcome.ok, !kind.endsWith('id-token'), outcome.ok ? '' : outcome.error.code);
  });

  test(`every refusal of a token of kind ${kind} gives the code it promises (2.2)`, async (t) => {
    const auth = authOf(issuer);
    t.after(() => auth.close());
    await auth.ready();
    const names = new Set<string>();
    for (const { name, token, code } of issuer.refusals(kind)) {
      const outcome = await auth.validate(token);
      assert.equal(outcome.ok ? 'accepted' : outcome.error.code, code, name);
      assert.ok(!names.has(name), name);
      names.add(name);
    }
    assert.ok(names.size > 80, `${names.size}`);
  });
}
