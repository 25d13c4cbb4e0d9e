import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { createClientKeys } from '../client/client-keys.ts';
import { parseRegistration } from './registration-body.ts';
import { RegistrationFault } from './registration-errors.ts';
import { formatEntry, parsePolicy } from './software-statement-policy.ts';
import { verifyStatement } from './software-statement.ts';
import { ISSUER, START, sign } from '../testing/world.ts';

const curve = await generatePrivateJwk('ES256', 'statement-2');

const part = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);
const entry = fc
  .tuple(part, fc.oneof(part, fc.constant('*')), fc.oneof(part, fc.constant('*')))
  .map((parts) => parts.join(':'));

test('T6: a policy reads back as it was written, each entry once; anything else is a RegistrationFault', () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      assert.deepEqual(parsePolicy(entries, 'list').map(formatEntry), [...new Set(entries)]);
    }),
  );
  fc.assert(fc.property(fc.anything(), (value) => faultless(() => parsePolicy(value, 'list'))));
  fc.assert(fc.property(fc.array(fc.string()), (value) => faultless(() => parsePolicy(value, 'list'))));
});

test('T3, T4, T5: no body and no statement is anything but read or refused', async () => {
  const usable = createClientKeys();
  const rules = {
    keys: [publicJwk(curve)].flatMap((jwk) => usable.importKey(jwk) ?? []),
    audience: [ISSUER],
    now: START,
    skewSeconds: 10,
    undated: true,
  };
  const jwk = fc.record(
    {
      kty: fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 5),
      kid: fc.anything(),
      n: fc.string(),
      e: fc.constant('AQAB'),
      crv: fc.constant('P-256'),
      x: fc.base64String(),
      y: fc.string(),
    },
    { requiredKeys: [] },
  );
  const body = fc.record(
    {
      client_name: fc.anything(),
      jwks: fc.oneof(fc.anything(), fc.record({ keys: fc.array(fc.oneof(jwk, fc.anything())) })),
      software_statement: fc.anything(),
      scopes: fc.anything(),
      grant_types: fc.oneof(fc.anything(), fc.array(fc.string())),
    },
    { requiredKeys: [] },
  );
  fc.assert(fc.property(body, (value) => faultless(() => parseRegistration(value))));
  fc.assert(fc.property(fc.anything(), (value) => faultless(() => parseRegistration(value))));
  fc.assert(fc.property(fc.string(), (token) => faultless(() => verifyStatement(token, rules))));
  const claims = fc.dictionary(
    fc.constantFrom('appId', 'aud', 'exp', 'jti', 'accessPolicyInbound', 'accessPolicyOutbound', 'iat'),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(claims, async (value) => {
      const token = await sign(value, curve);
      faultless(() => verifyStatement(token, rules));
    }),
  );
});

function faultless(step: () => unknown): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof RegistrationFault)) throw error;
  }
}
