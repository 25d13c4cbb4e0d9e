import { importJWK } from 'jose';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';

/** A private key as foreign libraries want it. */
export async function cryptoKey(jwk: PrivateJwk): Promise<CryptoKey> {
  const imported = await importJWK({ ...jwk });
  if (!(imported instanceof CryptoKey)) throw new Error('not an asymmetric key');
  return imported;
}
