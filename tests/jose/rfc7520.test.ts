import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCompactJws, verifySignature } from '../../src/oauth/jws.ts';
import { readVectors, skipWithoutVectors } from '../vectors.ts';
import { keySetOf, STAGES } from './stages.ts';
import { accepts, importOrNothing } from './wycheproof.ts';

const skip = skipWithoutVectors();

interface Example {
  readonly input: { readonly payload: string; readonly key: Readonly<Record<string, unknown>>; readonly alg: string };
  readonly output: { readonly compact?: string; readonly json?: unknown; readonly json_flat?: unknown };
}

const accepted = [
  ['4_1.rsa_v15_signature.json', 'RS256', '3_3.rsa_public_key.json'],
  ['4_2.rsa-pss_signature.json', 'PS384', '3_3.rsa_public_key.json'],
  ['4_3.ecdsa_signature.json', 'ES512', '3_1.ec_public_key.json'],
] as const;

const refused = [
  '4_4.hmac-sha2_integrity_protection.json',
  '4_5.signature_with_detached_content.json',
  '4_6.protecting_specific_header_fields.json',
  '4_7.protecting_content_only.json',
  '4_8.multiple_signatures.json',
];

for (const [file, alg, keyFile] of accepted) {
  test(`RFC 7520 ${file}: the compact form verifies as ${alg} and the payload is the text`, { skip }, async () => {
    const { input, output } = readVectors<Example>('rfc7520', 'jws', file);
    const key = importOrNothing(readVectors('rfc7520', 'jwk', keyFile));
    assert.ok(key);
    const jws = parseCompactJws(output.compact);
    assert.equal(jws.header.alg, alg);
    assert.equal(verifySignature(jws, key), true);
    assert.equal(jws.payload.toString('utf8'), input.payload);
    const keySet = keySetOf({ keys: [readVectors('rfc7520', 'jwk', keyFile)] });
    for (const [who, stage] of Object.entries(STAGES)) {
      assert.equal(await stage(output.compact ?? '', keySet), true, who);
    }
  });
}

for (const file of refused) {
  test(`RFC 7520 ${file}: no form is accepted, under no key of the example`, { skip }, async () => {
    const { input, output } = readVectors<Example>('rfc7520', 'jws', file);
    const keys = [input.key].flat().flatMap((jwk) => importOrNothing(publicHalf(jwk)) ?? []);
    const keySet = keySetOf({ keys: [input.key].flat().map(publicHalf) });
    for (const form of [output.compact, output.json, output.json_flat]) {
      assert.equal(accepts(form, keys), false);
      assert.equal(accepts(JSON.stringify(form), keys), false);
      for (const [who, stage] of Object.entries(STAGES)) {
        const text = typeof form === 'string' ? form : JSON.stringify(form ?? null);
        assert.equal(await stage(text, keySet), false, who);
      }
    }
  });
}

function publicHalf(jwk: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name)));
}
