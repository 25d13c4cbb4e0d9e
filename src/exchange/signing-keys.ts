import { generatePrivateJwk, importSigningKey, importVerificationKey, publicJwk } from '../oauth/jwk.ts';
import type { PublicJwk, SigningKey, VerificationKey } from '../oauth/jwk.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import { HOUR } from '../oauth/time.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import type { SigningKeyRow, SigningKeySet, SigningKeyStore } from '../registry/signing-keys.ts';
import type { TokenAlgorithm } from './config.ts';
import type { ExchangeEvent } from './events.ts';
import { planRotation } from './key-rotation.ts';
import type { RotationPlan, RotationRules } from './key-rotation.ts';

/** Our own keys: one active for each algorithm in use, staged and retired ones published beside it. */
export interface SigningKeys {
  /** The active key of the algorithm; until there is one, the RS256 key. */
  signer(alg: TokenAlgorithm): SigningKey;
  /** Every published key: what our own tokens are verified with. */
  verificationKeys(): readonly VerificationKey[];
  /** The published key set, RSA first. */
  published(): readonly PublicJwk[];
  /** Makes every transition that is due and takes over what others changed. Rejects when the store does not answer. */
  rotate(): Promise<void>;
  /** Ends the rotation in the background, and waits for one that has begun. */
  close(): Promise<void>;
}

/** What the keys are kept and judged by. */
export interface SigningKeyOptions {
  readonly store: SigningKeyStore;
  readonly wrapper: KeyWrapper;
  readonly now: Clock;
  readonly rules: Omit<RotationRules, 'longestTtlSeconds'>;
  /** Asked before every rotation; RS256 is always in use. */
  readonly algorithmsInUse: () => Iterable<TokenAlgorithm>;
  readonly emit: Emit<ExchangeEvent>;
  /** Where new keys come from; made on the spot unless said otherwise. */
  readonly generate?: typeof generatePrivateJwk;
}

interface Loaded {
  readonly version: number;
  readonly signers: ReadonlyMap<string, SigningKey>;
  readonly verification: readonly VerificationKey[];
  readonly published: readonly PublicJwk[];
}

const USE = 'tokenx';
const TICK_MS = 10_000;
const ATTEMPTS = 10;
const KEY_TYPE_ORDER = ['RSA', 'EC', 'OKP'];

/**
 * Loads the keys, makes them on the first start, and rotates them in the background. Throws when the store does not answer
 * or the key-encryption key is not the one the keys were sealed with.
 */
export async function openSigningKeys(options: SigningKeyOptions): Promise<SigningKeys> {
  let loaded = await rotated(options, undefined);
  let running: Promise<void> | undefined;
  const rotate = (): Promise<void> => {
    running ??= (async () => {
      loaded = await rotated(options, loaded);
    })().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => {
    // With the store out of reach the keys go on signing; the alarm is the event.
    rotate().catch((cause: unknown) => options.emit({ event: 'exchange.rotation_failed', cause }));
  }, TICK_MS).unref();
  return {
    signer: (alg) => {
      const key = loaded.signers.get(alg) ?? loaded.signers.get('RS256');
      if (key === undefined) throw new Error('there is no active RS256 key');
      return key;
    },
    verificationKeys: () => loaded.verification,
    published: () => loaded.published,
    rotate,
    close: async () => {
      clearInterval(timer);
      await running?.catch(() => {});
    },
  };
}

/** Compare and set until the set is as it should be: whoever else rotates, one set comes of it. */
async function rotated(options: SigningKeyOptions, loaded: Loaded | undefined): Promise<Loaded> {
  const algorithms = new Set<TokenAlgorithm>(['RS256', ...options.algorithmsInUse()]);
  const rules: RotationRules = { ...options.rules, longestTtlSeconds: HOUR };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const set = await options.store.load(USE);
    const plan = planRotation(set.keys, algorithms, { rules, now: set.storeTime });
    if (!plan.changed) return loaded?.version === set.version ? loaded : load(set, options.wrapper);
    const keys = [...plan.keys, ...(await Promise.all(plan.create.map((wish) => makeKey(wish, options))))];
    if ((await options.store.save(USE, set.version, keys)) === 'ok') {
      tell(set.keys, keys, options.emit);
      return load(await options.store.load(USE), options.wrapper);
    }
  }
  throw new Error('the signing keys are changed by others without end');
}

async function makeKey(wish: RotationPlan['create'][number], options: SigningKeyOptions): Promise<SigningKeyRow> {
  const { generate = generatePrivateJwk } = options;
  const jwk = await generate(wish.alg);
  const now = options.now();
  return {
    kid: jwk.kid,
    use: USE,
    alg: wish.alg,
    state: wish.state,
    publicJwk: publicJwk(jwk),
    sealedPrivate: options.wrapper.wrap(Buffer.from(JSON.stringify(jwk)), sealedAs(jwk.kid, wish.alg)),
    createdAt: now,
    stagedAt: now,
    ...(wish.state === 'active' ? { activatedAt: now } : {}),
  };
}

/** A sealed key opens only as what it was sealed as. */
function sealedAs(kid: string, alg: string): string {
  return `fullmakt ${USE} signing-key ${kid} ${alg}`;
}

function load(set: SigningKeySet, wrapper: KeyWrapper): Loaded {
  const active = set.keys.filter((key) => key.state === 'active');
  const shown = set.keys.filter((key) => key.state !== 'revoked').toSorted((a, b) => rank(a) - rank(b));
  return {
    version: set.version,
    signers: new Map(active.map((row) => [row.alg, unseal(row, wrapper)])),
    verification: shown.map((row) => importVerificationKey(row.publicJwk)),
    published: shown.map((row) => ({ ...row.publicJwk, alg: row.alg, use: 'sig' })),
  };
}

function unseal(row: SigningKeyRow, wrapper: KeyWrapper): SigningKey {
  return importSigningKey(parseStrictJson(open(row, wrapper)));
}

function open({ kid, alg, sealedPrivate }: SigningKeyRow, wrapper: KeyWrapper): Buffer {
  try {
    return wrapper.unwrap(sealedPrivate, sealedAs(kid, alg));
  } catch (cause) {
    throw new Error(`the signing key ${kid} was sealed with another key-encryption key: restore that key`, { cause });
  }
}

/** Some consumers drop a whole set over a key type they do not know: RSA comes first. */
function rank(row: SigningKeyRow): number {
  return KEY_TYPE_ORDER.indexOf(row.publicJwk.kty);
}

function tell(before: readonly SigningKeyRow[], after: readonly SigningKeyRow[], emit: Emit<ExchangeEvent>): void {
  for (const { kid, alg, state } of after) {
    if (before.find((key) => key.kid === kid)?.state !== state)
      emit({ event: 'exchange.signing_key', kid, alg, state });
  }
  for (const { kid, alg } of before) {
    if (!after.some((key) => key.kid === kid)) emit({ event: 'exchange.signing_key', kid, alg, state: 'deleted' });
  }
}
