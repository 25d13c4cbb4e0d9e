import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Algorithm, verifyBytes } from '../../src/oauth/algorithms.ts';
import { readVectors, skipWithoutVectors } from '../vectors.ts';
import { importOrNothing, readDifferences } from './wycheproof.ts';

const skip = skipWithoutVectors();

interface RawCase {
  readonly tcId: number;
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

interface RawGroup {
  readonly publicKey?: { readonly wx?: string; readonly wy?: string };
  readonly publicKeyJwk?: unknown;
  readonly keyJwk?: unknown;
  readonly tests: readonly RawCase[];
}

interface Judged extends RawCase {
  readonly keyRefused: boolean;
  readonly accepted: boolean;
}

function judge(file: string, algorithm: Algorithm): readonly Judged[] {
  const { testGroups } = readVectors<{ readonly testGroups: readonly RawGroup[] }>('wycheproof', `${file}.json`);
  return testGroups.flatMap((group) => {
    const key = importOrNothing(group.publicKeyJwk ?? group.keyJwk ?? pointOf(group));
    return group.tests.map((one) => {
      const accepted =
        key !== undefined && verifyBytes(algorithm, key.key, Buffer.from(one.msg, 'hex'), Buffer.from(one.sig, 'hex'));
      return { ...one, keyRefused: key === undefined, accepted };
    });
  });
}

/** Some groups give their P-256 key as hexadecimal integers only. */
function pointOf({ publicKey }: RawGroup): unknown {
  return { kty: 'EC', crv: 'P-256', x: coordinate(publicKey?.wx), y: coordinate(publicKey?.wy) };
}

function coordinate(hex = ''): string {
  return Buffer.from(hex.padStart(64, '0').slice(-64), 'hex').toString('base64url');
}

function wrong(cases: readonly Judged[]): number[] {
  return cases.filter((one) => one.accepted !== (one.result === 'valid')).map((one) => one.tcId);
}

const exact: readonly (readonly [string, Algorithm, number])[] = [
  ['ecdsa_secp256r1_sha256_p1363_test', 'ES256', 262],
  ['ed25519_test', 'EdDSA', 151],
  ['rsa_pss_2048_sha256_mgf1_32_test', 'PS256', 108],
];

for (const [file, algorithm, count] of exact) {
  test(`Wycheproof ${algorithm}: all ${count} labels of ${file} are met`, { skip }, () => {
    const cases = judge(file, algorithm);
    assert.equal(cases.length, count);
    assert.deepEqual(wrong(cases), []);
  });
}

test('Wycheproof RS256: all labels are met, save that exponent 3 is refused at import and the doubtful padding refused', {
  skip,
}, () => {
  const { acceptableButRefused, refusedAtKeyImport } = readDifferences().rsa_signature_2048_sha256_test;
  const cases = judge('rsa_signature_2048_sha256_test', 'RS256');
  assert.equal(cases.length, 259);
  assert.deepEqual(
    cases.filter((one) => one.keyRefused).map((one) => one.tcId),
    refusedAtKeyImport,
  );
  assert.deepEqual(wrong(cases.filter((one) => !one.keyRefused)), []);
  assert.equal(cases.filter((one) => one.result === 'acceptable' && !one.accepted).length, acceptableButRefused);
});
