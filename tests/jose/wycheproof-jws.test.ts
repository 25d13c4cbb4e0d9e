import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutVectors } from '../vectors.ts';
import { keySetOf, STAGES } from './stages.ts';
import {
  accepts,
  documentOf,
  isWellFormed,
  type JwsCase,
  type JwsGroup,
  keysOf,
  type Reasoned,
  readDifferences,
  readGroups,
} from './wycheproof.ts';

const skip = skipWithoutVectors();

/** The parser and signature alone, and the same as the two programs go through it, key sets included. */
const JUDGES = ['core', 'SDK', 'sidecar'] as const;

type Judge = (typeof JUDGES)[number];

interface Verdicts {
  readonly invalid: number;
  readonly invalidAccepted: readonly number[];
  readonly valid: number;
  readonly validRefused: readonly number[];
}

async function judge(file: string, who: Judge): Promise<Verdicts> {
  const cases: (JwsCase & { readonly accepted: boolean })[] = [];
  for (const group of readGroups(file)) {
    const accept = acceptFor(group, who);
    for (const one of group.tests) {
      if (one.jws !== undefined) cases.push({ ...one, accepted: await accept(one.jws) });
    }
  }
  const ids = (wanted: (one: JwsCase & { accepted: boolean }) => boolean): number[] =>
    cases.filter(wanted).map((one) => one.tcId);
  return {
    invalid: ids((one) => one.result === 'invalid').length,
    invalidAccepted: ids((one) => one.result === 'invalid' && one.accepted),
    valid: ids((one) => one.result === 'valid').length,
    validRefused: ids((one) => one.result === 'valid' && !one.accepted),
  };
}

function acceptFor(group: JwsGroup, who: Judge): (token: string) => boolean | Promise<boolean> {
  if (who === 'core') {
    const keys = keysOf(group);
    return (token) => accepts(token, keys);
  }
  const keySet = keySetOf(documentOf(group));
  return (token) => STAGES[who](token, keySet);
}

function listed(differences: readonly Reasoned[]): number[] {
  return differences.flatMap(({ tcIds }) => tcIds).toSorted((a, b) => a - b);
}

for (const who of JUDGES) {
  test(`X06, Wycheproof JWS: every invalid signature is refused, and of the valid ones exactly those in the difference list: ${who}`, {
    skip,
  }, async () => {
    const { validButRefused, withoutPayload } = readDifferences().json_web_signature_test;
    assert.deepEqual(await judge('json_web_signature_test', who), {
      invalid: 355,
      invalidAccepted: [],
      valid: 46,
      validRefused: listed([...validButRefused, ...(who === 'sidecar' ? [withoutPayload] : [])]),
    });
  });
}

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

for (const who of JUDGES) {
  test(`Wycheproof JWK: every bad key is refused (RFC 8725 3.5, 3.6), the ROCA key among them: ${who}`, {
    skip,
  }, async () => {
    assert.deepEqual(await judge('json_web_key_test', who), {
      invalid: 21,
      invalidAccepted: [],
      valid: 5,
      validRefused: listed(readDifferences().json_web_key_test.validButRefused),
    });
  });

  test(`Wycheproof JOSE: of the JWS cases every invalid one is refused: ${who}`, { skip }, async () => {
    assert.deepEqual(await judge('json_web_crypto_test', who), {
      invalid: 45,
      invalidAccepted: [],
      valid: 4,
      validRefused: listed(readDifferences().json_web_crypto_test.validButRefused),
    });
  });
}
