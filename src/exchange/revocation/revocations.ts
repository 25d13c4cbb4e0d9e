import { DAY, HOUR } from '../../oauth/time.ts';
import type { Denial, DenialKind } from '../../registry/denial.ts';
import { denialHash } from '../../registry/denial.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { AuditEntry } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { ExchangeContext } from '../context.ts';
import { refuse } from '../errors.ts';

/** What is to be dead, and until when it has to be remembered. Times are seconds since the epoch. */
export interface Revocation {
  readonly kind: DenialKind;
  readonly value: string;
  /** Narrows a session or a user to one issuer; absent = whoever vouched for them. */
  readonly idp?: string | undefined;
  /** Tokens issued up to then. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

/** Entries of the deny list. Every process holds all of them. */
const MAX_DENIALS = 100_000;
/** Within this many seconds every process that reaches the registry knows of a revocation. */
const PROPAGATION_SECONDS = 2;
/** The longest `ttl` that can be set. */
const LONGEST_TTL_SECONDS = HOUR;
const NO_END = Number.MAX_SAFE_INTEGER;
/** As many other processes may be first. */
const ATTEMPTS = 20;

/**
 * Up to when tokens are dead unless the revocation says: now, and the moments in which another process may still have made a
 * token of a dead one. A single token is dead whenever it says it was issued.
 */
export function defaultNotBefore(kind: DenialKind, now: number): number {
  return kind === 'jti' ? NO_END : Math.floor(now) + PROPAGATION_SECONDS;
}

/** How long a revocation is remembered, in seconds: as long as any token that it may name can live. */
export function revocationLifetime({ config, registry }: Pick<ExchangeContext, 'config' | 'registry'>): number {
  const seeded = config.issuers.map(({ maxAge }) => maxAge);
  const kept = [...registry.snapshot().issuers()].map(({ settings }) => settings['maxAge']);
  const ages = [...seeded, ...kept].map((age) => (typeof age === 'number' ? age : DAY));
  return Math.max(LONGEST_TTL_SECONDS, ...ages) + config.skewSeconds;
}

/**
 * Puts a revocation on the deny list; every process honours it within two seconds (RFC 7009 2.1). Never shortens one that is
 * there. Throws `deny-list-full` and `registry-unavailable`.
 */
export function revoke(context: ExchangeContext, revocation: Revocation, audit: AuditEntry): Promise<void> {
  return context.writes.inTurn(() => write(context, revocation, audit));
}

async function write(context: ExchangeContext, revocation: Revocation, audit: AuditEntry): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each attempt is made on what the one before it found
    if (await attemptRevocation(context, revocation, audit)) return;
  }
  throw refuse('registry-unavailable', 'the rules change too fast to write to them now');
}

async function attemptRevocation(
  { registry, emit }: ExchangeContext,
  revocation: Revocation,
  audit: AuditEntry,
): Promise<boolean> {
  const snapshot = registry.snapshot();
  const denial = denialOf(revocation, snapshot);
  const known = snapshot.denial(denial.hash) !== undefined;
  try {
    if (!known && snapshot.denials >= MAX_DENIALS && !(await hasRoomAfterCleaning(registry, snapshot))) {
      emit({ event: 'exchange.deny_list_full', entries: snapshot.denials });
      throw refuse('deny-list-full', 'no more revocations can be kept now');
    }
    const { version } = registry.snapshot();
    return (await registry.commit(version, { putDenials: [denial], audit: [audit] })) === 'ok';
  } catch (cause) {
    if (!(cause instanceof RegistryUnavailable)) throw cause;
    throw refuse('registry-unavailable', 'the revocation could not be written', { cause });
  }
}

/** Entries that have run out are dropped with the next write. */
async function hasRoomAfterCleaning(registry: ExchangeContext['registry'], { version }: Snapshot): Promise<boolean> {
  await registry.commit(version, { putDenials: [] });
  return registry.snapshot().denials < MAX_DENIALS;
}

function denialOf({ kind, value, idp, notBefore, expiresAt }: Revocation, snapshot: Snapshot): Denial {
  const hash = denialHash(kind, value, idp);
  const old = snapshot.denial(hash);
  return {
    kind,
    hash,
    notBefore: Math.max(notBefore, old?.notBefore ?? 0),
    expiresAt: Math.max(expiresAt, old?.expiresAt ?? 0),
  };
}
