import type { SigningKey } from '../../oauth/jwk.ts';
import type { Clock } from '../../oauth/time.ts';

/** A client of a provider and the key it signs with now, which may be another one than a moment ago. */
export interface Credential {
  readonly clientId: string;
  /** The newest key: a request that began with the one before signs with this one too. */
  key(): SigningKey;
  /** Seconds since the epoch: when this key took the place of another, or was first loaded. */
  loadedAt(): number;
  /** Whether the key took the place of another one so lately that a request under way may have signed with that. */
  changedLately(): boolean;
  /** Takes another key; an equal one changes nothing. */
  replace(key: SigningKey): void;
}

/** No request for a token takes longer, all attempts together (sidecar-sdk.md 3.3); in seconds. */
const LONGEST_REQUEST_SECONDS = 10;

/** Holds the key of one client. */
export function createCredential(
  client: { readonly clientId: string; readonly key: SigningKey },
  now: Clock,
): Credential {
  const { clientId } = client;
  let { key } = client;
  let loadedAt = now();
  let changedAt = Number.NEGATIVE_INFINITY;
  return {
    clientId,
    key: () => key,
    loadedAt: () => loadedAt,
    changedLately: () => now() - changedAt <= LONGEST_REQUEST_SECONDS,
    replace(next) {
      if (isSame(key, next)) return;
      key = next;
      loadedAt = now();
      changedAt = loadedAt;
    },
  };
}

function isSame(one: SigningKey, other: SigningKey): boolean {
  return (
    one.alg === other.alg &&
    one.key.equals(other.key) &&
    JSON.stringify(one.publicJwk) === JSON.stringify(other.publicJwk)
  );
}
