import type { Algorithm } from './algorithms.ts';
import { MINUTE } from './time.ts';

/** How tokens are judged where nobody says otherwise (sidecar-sdk.md 1 and 2). */
export interface Policy {
  /** Of issuers for which no others are named. */
  readonly algorithms: readonly [Algorithm, ...Algorithm[]];
  /** On `exp`, `nbf` and `iat` alike. */
  readonly leewaySeconds: number;
  /** Longest `exp` - `iat`; undefined: any. */
  readonly maxLifetimeSeconds: number | undefined;
  /** Verdicts that are remembered, where they are at all, and for how long. */
  readonly verifiedEntries: number;
  readonly verifiedAgeSeconds: number;
}

const VERIFIED_ENTRIES = 10_000;

/** `texas` is the sidecar's, whose callers know that of the platform; `sdk` is the library's. */
export const POLICIES: {
  readonly texas: Policy;
  readonly sdk: Policy & { readonly maxLifetimeSeconds: number };
} = {
  texas: {
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    leewaySeconds: 60,
    maxLifetimeSeconds: undefined,
    verifiedEntries: VERIFIED_ENTRIES,
    verifiedAgeSeconds: MINUTE,
  },
  sdk: {
    algorithms: ['RS256'],
    leewaySeconds: 30,
    // A day, and ten minutes for those who count from the day's end.
    maxLifetimeSeconds: 87_000,
    verifiedEntries: VERIFIED_ENTRIES,
    verifiedAgeSeconds: MINUTE,
  },
};

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
}

// More leeway would make expiry mean little; a key that was taken back is believed for no longer than the age.
const BOUNDS: Readonly<Record<Exclude<keyof Policy, 'algorithms'>, Bounds>> = {
  leewaySeconds: { least: 0, most: 2 * MINUTE },
  maxLifetimeSeconds: { least: 1, most: Number.MAX_SAFE_INTEGER },
  verifiedEntries: { least: 1, most: 1_000_000, whole: true },
  verifiedAgeSeconds: { least: 1, most: 5 * MINUTE },
};

/** What a number of a policy has to be, in words, if this is none; values are judged as strictly as a token's. */
export function policyFault(member: keyof typeof BOUNDS, value: unknown): string | undefined {
  const { least, most, whole = false } = BOUNDS[member];
  const fits = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (typeof value === 'number' && fits && value >= least && value <= most) return undefined;
  const kind = whole ? 'a whole number' : 'a number';
  return most === Number.MAX_SAFE_INTEGER
    ? `has to be a finite number of at least ${least}`
    : `has to be ${kind} from ${least} to ${most}`;
}
