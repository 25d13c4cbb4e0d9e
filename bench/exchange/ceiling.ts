import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { importSigningKey, importVerificationKey, publicJwk } from '../../src/oauth/jwk.ts';
import { kindOf } from './requests.ts';
import type { BenchTokens } from './requests.ts';
import type { BenchAlgorithm, BenchKeys, Mix } from './world.ts';

/** Processor time of the cryptography of one request alone, the refused ones of the load counted with what they need. */
export interface Ceiling {
  micros(turns: number): number;
}

type Work = () => void;

/** Two verifications and one signature by node:crypto, synchronously, over texts as long as the real ones and with the same keys. */
export function createCeiling(keys: BenchKeys, mix: Mix, { assertion, subject }: BenchTokens): Ceiling {
  const checkAssertion = verification(
    assertion,
    mix.client,
    importVerificationKey(publicJwk(keys.clients[mix.client])).key,
  );
  const checkSubject = verification(subject, 'RS256', importVerificationKey(publicJwk(keys.idp)).key);
  const makeToken = signature(subject, mix.output, importSigningKey(keys.clients[mix.output]).key);
  const work = { good: [checkAssertion, checkSubject, makeToken], expired: [checkAssertion, checkSubject] };
  const parts = { ...work, 'no-rule': [checkAssertion], forged: [checkAssertion] };
  return {
    micros(turns) {
      const before = process.cpuUsage();
      for (let turn = 0; turn < turns; turn += 1) for (const part of parts[kindOf(turn)]) part();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / turns;
    },
  };
}

function verification(token: string, alg: BenchAlgorithm, key: KeyObject): Work {
  const dot = token.lastIndexOf('.');
  const data = Buffer.from(token.slice(0, dot), 'latin1');
  const signed = Buffer.from(token.slice(dot + 1), 'base64url');
  const [digest, parameters] = formOf(alg, key);
  return () => {
    if (!verify(digest, data, parameters, signed)) throw new Error('the benchmark made a wrong signature');
  };
}

function signature(token: string, alg: BenchAlgorithm, key: KeyObject): Work {
  const data = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
  const [digest, parameters] = formOf(alg, key);
  return () => void sign(digest, data, parameters);
}

function formOf(
  alg: BenchAlgorithm,
  key: KeyObject,
): ['sha256' | null, KeyObject | { key: KeyObject; dsaEncoding: 'ieee-p1363' }] {
  if (alg === 'EdDSA') return [null, key];
  return ['sha256', alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key];
}
