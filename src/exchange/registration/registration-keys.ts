import { KeyRefused, readPublicMaterial } from '../../oauth/key-material.ts';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { createClientKeys } from '../client/client-keys.ts';
import { RegistrationFault } from './registration-errors.ts';
import { shown } from '../shown.ts';

/**
 * The keys of a client, public members only: what is handed in besides is not kept (RFC 7517 4). Throws RegistrationFault for
 * the first that cannot be used: private or symmetric, weak, without `kid` or with that of another, for another use.
 */
export function parseClientKeys(list: readonly unknown[]): readonly PublicJwk[] {
  const kids = new Set<string>();
  const usable = createClientKeys();
  return list.map((jwk, place) => {
    try {
      const key = publicKey(jwk);
      if (kids.has(key.kid)) throw new KeyRefused(`another key has the kid ${shown(key.kid)}`);
      if (usable.importKey(key) === undefined) throw new KeyRefused('no accepted algorithm fits it');
      kids.add(key.kid);
      return key;
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error;
      throw new RegistrationFault('jwk-refused', `jwks.keys[${place}]: ${error.message}`);
    }
  });
}

function publicKey(jwk: unknown): PublicJwk {
  const { kid } = importVerificationKey(jwk);
  if (kid === undefined) throw new KeyRefused('kid is missing');
  if (!isJsonObject(jwk)) throw new KeyRefused('not a JSON object');
  const alg = typeof jwk['alg'] === 'string' ? { alg: jwk['alg'] } : {};
  return { ...readPublicMaterial(jwk), kid, use: 'sig', ...alg };
}
