import type { Claims } from '../../oauth/jwt.ts';
import type { Clock } from '../../oauth/time.ts';
import { createVerifiedCache, policyFingerprint } from '../../oauth/verified-cache.ts';
import type { SidecarConfig } from '../config.ts';
import type { Provider } from '../provider/provider.ts';

/** Answers of introspection for tokens that were good a moment ago (sidecar-sdk.md 2.6): text, which nobody can write to and which goes out in one piece with its headers. */
export interface ResultCache {
  find(token: string, provider: Provider): string | undefined;
  /** The name of an answer, which says nothing of the token; undefined for what cannot be one. */
  keyOf(token: string, provider: Provider): string | undefined;
  /** The same as {@link find}, by that name. */
  findByKey(key: string): string | undefined;
  keep(token: string, provider: Provider, good: { readonly claims: Claims; readonly answer: string }): void;
  size(): { readonly entries: number; readonly bytes: number };
}

/** As many as a character takes at most. */
const BYTES_OF_CHARACTER = 2;

/** One for each configuration of an application, so that no answer outlives what it was judged by; undefined where it is off. */
export function createResultCache(
  { introspectionCacheSeconds, leewaySeconds }: Pick<SidecarConfig, 'introspectionCacheSeconds' | 'leewaySeconds'>,
  now: Clock,
): ResultCache | undefined {
  if (introspectionCacheSeconds === 0) return undefined;
  const cache = createVerifiedCache<string>({ now, maxAgeSeconds: introspectionCacheSeconds });
  const fingerprints = new WeakMap<Provider, string>();

  function keyOf(token: string, provider: Provider): string | undefined {
    let policy = fingerprints.get(provider);
    if (policy === undefined) {
      const { name, issuer, audience, algorithms } = provider.settings;
      policy = policyFingerprint({ name, issuer, audience, algorithms, leewaySeconds });
      fingerprints.set(provider, policy);
    }
    return cache.keyOf(policy, token);
  }

  return {
    size: () => cache.size(),
    keyOf,
    findByKey: (key) => cache.find(key),
    find(token, provider) {
      const key = keyOf(token, provider);
      return key === undefined ? undefined : cache.find(key);
    },
    keep(token, provider, { claims, answer }) {
      const key = keyOf(token, provider);
      if (key === undefined) return;
      cache.keep(key, { value: answer, claims, keySet: provider.keySet, bytes: BYTES_OF_CHARACTER * answer.length });
    },
  };
}
