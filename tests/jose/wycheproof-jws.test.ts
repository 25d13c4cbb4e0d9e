import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutVectors } from '../vectors.ts';
import {
  accepts,
  isWellFormed,
  type JwsCase,
  keysOf,
  type Reasoned,
  readDifferences,
  readGroups,
} from './wycheproof.ts';

const skip = skipWithoutVectors();

interface Verdicts {
  readonly invalid: number;
  readonly invalidAccepted: readonly number[];
  readonly valid: number;
  readonly validRefused: readonly number[];
}

function judge(file: string): Verdicts {
  const cases = readGroups(file).flatMap((group) => {
    const keys = keysOf(group);
    return group.tests
      .filter((one) => one.jws !== undefined)
      .map((one) => ({ ...one, accepted: accepts(one.jws, keys) }));
  });
  const ids = (wanted: (one: JwsCase & { accepted: boolean }) => boolean): number[] =>
    cases.filter(wanted).map((one) => one.tcId);
  return {
    invalid: ids((one) => one.result === 'invalid').length,
    invalidAccepted: ids((one) => one.result === 'invalid' && one.accepted),
    valid: ids((one) => one.result === 'valid').length,
    validRefused: ids((one) => one.result === 'valid' && !one.accepted),
  };
}

function listed(differences: readonly Reasoned[]): number[] {
  return differences.flatMap(({ tcIds }) => tcIds).toSorted((a, b) => a - b);
}

test('X06, Wycheproof JWS: every invalid signature is refused, and of the valid ones exactly those in the difference list', {
  skip,
}, () => {
  assert.deepEqual(judge('json_web_signature_test'), {
    invalid: 355,
    invalidAccepted: [],
    valid: 46,
    validRefused: listed(readDifferences().json_web_signature_test.validButRefused),
  });
});

test('Wycheproof JWS: the parser alone refuses every wrong segment count and the malformed base64 and the embedded key of the list', {
  skip,
}, () => {
  const listOf = readDifferences().json_web_signature_test;
  const cases = readGroups('json_web_signature_test').flatMap((group) => group.tests);
  const wrongCount = cases.filter((one) => !/^[^.]+\.[^.]*\.[^.]+$/u.test(one.jws ?? ''));
  const refused = cases.filter((one) => !isWellFormed(one.jws)).map((one) => one.tcId);
  const others = [...listOf.refusedByTheParserAlone, ...listOf.refusedForTheirHeader];
  const expected = [...new Set([...wrongCount.map((one) => one.tcId), ...others])];
  assert.deepEqual(
    refused.toSorted((a, b) => a - b),
    expected.toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    listOf.wellFormedThoughInvalid.filter((id) => refused.includes(id)),
    [],
  );
});

test('Wycheproof JWK: every bad key is refused (RFC 8725 3.5, 3.6), the ROCA key among them', { skip }, () => {
  assert.deepEqual(judge('json_web_key_test'), {
    invalid: 21,
    invalidAccepted: [],
    valid: 5,
    validRefused: listed(readDifferences().json_web_key_test.validButRefused),
  });
});

test('Wycheproof JOSE: of the JWS cases every invalid one is refused', { skip }, () => {
  assert.deepEqual(judge('json_web_crypto_test'), {
    invalid: 45,
    invalidAccepted: [],
    valid: 4,
    validRefused: listed(readDifferences().json_web_crypto_test.validButRefused),
  });
});
