import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import test from 'node:test';
import * as fc from 'fast-check';
import { createProvider } from '../provider/provider.ts';
import { providerParts } from '../testing/provider-parts.ts';
import { createKnownBodies } from './known-bodies.ts';

const provider = createProvider(
  {
    name: 'tokenx',
    issuer: 'https://op.example',
    endpoints: { jwksUri: 'https://op.example/jwks' },
    audience: ['me'],
    algorithms: ['RS256'],
    client: undefined,
  },
  providerParts(
    async () => new Response(''),
    () => 0,
  ),
);

test('L1 key-mixup: a verdict is named by the very bytes that asked for it, and their encoding', () => {
  const encoding = fc.constantFrom('json' as const, 'form' as const);
  const body = fc.uint8Array({ maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(body, encoding), { maxLength: 60 }), (kept) => {
      const known = createKnownBodies();
      const model = new Map<string, string>();
      for (const [at, [bytes, how]] of kept.entries()) {
        known.keep(known.digestOf(Buffer.from(bytes)), how, { provider, key: String(at) });
        model.set(`${how} ${bytes.join()}`, String(at));
      }
      for (const [bytes, how] of kept) {
        for (const asked of ['json', 'form'] as const) {
          const found = known.find(known.digestOf(Buffer.from(bytes)), asked);
          assert.equal(found?.key, model.get(`${asked} ${bytes.join()}`), how);
        }
      }
    }),
  );
});

test('nothing of a body is in its name but its SHA-256', () => {
  const body = Buffer.from('{"token":"secret"}');
  assert.equal(createKnownBodies().digestOf(body), hash('sha256', body, 'base64url'));
});

test('L3 bounded-constant: as many bodies as there is room for, and no more', () => {
  const known = createKnownBodies();
  for (let each = 0; each < 25_000; each += 1) {
    known.keep(String(each), each % 2 === 0 ? 'json' : 'form', { provider, key: 'k' });
    assert.ok(known.size <= 10_000);
  }
  assert.notEqual(known.find('24999', 'form'), undefined);
});
