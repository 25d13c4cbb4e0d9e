import { createVerifiedCache, policyFingerprint } from '../../oauth/verified-cache.ts';
import type { Principal } from '../principal.ts';
import type { Candidate, ValidateOptions, ValidationContext } from './validate.ts';

/** Principals of tokens that were accepted a moment ago. They are frozen, so everyone may have the same one. */
export interface Memory {
  /** Whoever this token stood for, if it still does and its provider is one of those wanted. */
  find(token: string, options: ValidateOptions | undefined): Principal | undefined;
  keep(candidate: Candidate, principal: Principal): void;
  close(): void;
}

/** What a principal takes beside two copies of its token's text, in bytes: an estimate. */
const PRINCIPAL_BYTES = 512;

/** As the policy wants it; undefined where it wants none. */
export function createMemory({ issuers, policy, now }: ValidationContext): Memory | undefined {
  if (policy.verifiedCache === undefined) return undefined;
  const cache = createVerifiedCache<Principal>({ now, ...policy.verifiedCache });
  const configs = Array.from(issuers.values(), ({ config }) => ({ ...config, keys: undefined }));
  const fingerprint = policyFingerprint([policy, configs]);
  return {
    find(token, options) {
      const key = typeof token === 'string' ? cache.keyOf(fingerprint, token) : undefined;
      const principal = key === undefined ? undefined : cache.find(key);
      return principal === undefined || options?.providers?.includes(principal.provider) === false
        ? undefined
        : principal;
    },
    keep({ token, issuer, jwt }, principal) {
      const key = cache.keyOf(fingerprint, token);
      if (key === undefined) return;
      const bytes = 2 * token.length + PRINCIPAL_BYTES;
      cache.keep(key, { value: principal, claims: jwt.claims, keySet: issuer.keySet, bytes });
    },
    close: () => cache.close(),
  };
}
