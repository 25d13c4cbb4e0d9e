import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { signBytes } from '../../oauth/algorithms.ts';
import { importSigningKey, publicJwk } from '../../oauth/jwk.ts';
import { createClientKeys } from './client-keys.ts';
import { openAssertionBench, as } from '../testing/assertions.ts';
import { ISSUER, START } from '../testing/world.ts';

const { keys, es256, ps256, eddsa, world, verdict, reason } = await openAssertionBench();
after(() => world.close());

test('C4, C5: each registered key signs with its one algorithm, found by kid', async () => {
  for (const key of [es256, ps256, eddsa])
    assert.equal(await verdict({ key, claims: as('many') }), 'in', String(key.alg));
  assert.equal(await verdict({ key: { ...keys.stranger, kid: 'unnamed' }, claims: as('many') }), 'in');
  assert.equal(await verdict({ key: { ...keys.client, kid: 'other' } }), 'client-auth-failed');
});

test('C4: an assertion may call the algorithm of an Ed25519 key Ed25519, and so may the key (RFC 9864 2.2)', async () => {
  for (const kid of ['ed', 'ed-named']) {
    const key = importSigningKey({ ...eddsa, kid });
    const signed = async (alg: string): Promise<string> => {
      const iat = START;
      const body = encode({ ...as('many'), aud: ISSUER, jti: `${kid} ${alg}`, iat, exp: iat + 60 });
      const text = `${encode({ alg, kid })}.${body}`;
      return `${text}.${(await signBytes('EdDSA', key.key, Buffer.from(text))).toString('base64url')}`;
    };
    for (const alg of ['Ed25519', 'EdDSA']) assert.equal(await reason(await signed(alg)), 'subject-issuer', kid);
    for (const alg of ['ed25519', 'Ed448', 'RS256'])
      assert.equal(await reason(await signed(alg)), 'client-auth-failed');
  }
  const body = encode({ ...as('many'), aud: ISSUER, jti: 'x', exp: START + 60 });
  const forged = `${encode({ alg: 'Ed25519', kid: 'unnamed' })}.${body}.${'A'.repeat(86)}`;
  assert.equal(await reason(forged), 'client-auth-failed', 'Ed25519 under an RSA key');
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const input = (alg: string): string =>
  `${encode({ alg, kid: 'client-1', typ: 'JWT' })}.${encode({ ...as('web'), aud: ISSUER, jti: 'x', exp: START + 60 })}`;

test('X05, N04: no algorithm but the one of the key: none, HMAC with the public key, another RSA scheme (R6, C4)', async () => {
  for (const alg of ['none', 'None', 'nOnE']) {
    assert.equal(await reason(`${input(alg)}.`), 'client-assertion-malformed', alg);
    assert.equal(await reason(`${input(alg)}.AAAA`), 'client-auth-failed', alg);
  }
  const publicKey = JSON.stringify(publicJwk(keys.client));
  for (const secret of [publicKey, ` ${publicKey}`]) {
    const signature = createHmac('sha256', secret).update(input('HS256')).digest('base64url');
    assert.equal(await reason(`${input('HS256')}.${signature}`), 'client-auth-failed');
  }
  const pss = { ...keys.client, alg: 'PS256' };
  assert.equal(await verdict({ key: pss }), 'client-auth-failed', 'PS256 under an RS256 key');
  assert.equal(
    await verdict({ key: { ...ps256, alg: 'RS256' }, claims: as('many') }),
    'client-auth-failed',
    'RS256 under a PS256 key',
  );
  assert.equal(
    await verdict({ key: { ...keys.stranger, kid: 'unnamed', alg: 'PS256' }, claims: as('many') }),
    'client-auth-failed',
  );
});

test('X05: keys that are too short, off their curve or not for signing verify nothing', () => {
  const imported = createClientKeys();
  const point = publicJwk(es256);
  assert.notEqual(imported.importKey(point), undefined);
  assert.equal(imported.importKey({ ...point, y: point['x'] }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), n: 'AQAB' }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), use: 'enc' }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), alg: 'RS384' }), undefined);
});

test('G1: imported keys are bounded in number', () => {
  const imported = createClientKeys(10);
  const jwk = publicJwk(es256);
  for (let index = 0; index < 100; index += 1) imported.importKey({ ...jwk, kid: `k${index}` });
  assert.equal(imported.size(), 10);
});
