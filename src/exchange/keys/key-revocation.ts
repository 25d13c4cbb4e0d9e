import type { SigningKeyRow } from '../../registry/signing-keys.ts';
import type { TokenAlgorithm } from '../config.ts';
import type { KeyWish, RotationPlan } from './key-rotation.ts';

/**
 * Keys that are dead before their time: out of the set at once, their private part gone. Where one of them was signing, the
 * next staged key of its algorithm signs from now on, published long enough or not; without one a new key is made. Pure;
 * `now` is seconds since the epoch, by the store's clock.
 */
export function planRevocation(keys: readonly SigningKeyRow[], kids: ReadonlySet<string>, now: number): RotationPlan {
  const doomed = keys.filter((key) => kids.has(key.kid) && key.state !== 'revoked');
  const create: KeyWish[] = [];
  const heirs = new Set<SigningKeyRow>();
  for (const { alg, state } of doomed) {
    if (state !== 'active') continue;
    const heir = keys.find((key) => key.alg === alg && key.state === 'staged' && !doomed.includes(key));
    if (heir !== undefined) heirs.add(heir);
    else if (isTokenAlgorithm(alg)) create.push({ alg, state: 'active' });
  }
  const moved = keys.map((key): SigningKeyRow => {
    if (doomed.includes(key)) return { ...key, state: 'revoked', revokedAt: now, sealedPrivate: Buffer.alloc(0) };
    return heirs.has(key) ? { ...key, state: 'active', activatedAt: now } : key;
  });
  return { keys: moved, create, changed: doomed.length > 0 };
}

function isTokenAlgorithm(alg: string): alg is TokenAlgorithm {
  return ['RS256', 'PS256', 'ES256', 'EdDSA'].includes(alg);
}
