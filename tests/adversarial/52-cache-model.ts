import assert from 'node:assert/strict';
import { TokenRequestFailed, unreachable } from '../../src/oauth/token-endpoint/token-failure.ts';
import type { LoadedToken } from '../../src/oauth/tokens/cached-token.ts';
import { createTokenCache } from '../../src/oauth/tokens/token-cache.ts';
import type { TokenCache } from '../../src/oauth/tokens/token-cache.ts';
import type { TokenKey } from '../../src/oauth/tokens/token-key.ts';
import { checkHit, checkSize, checkStale } from './52-cache-checks.ts';
import { costsOf, drain, emptyTally, isSettled, issue, LIVES, nameOf, STEPS } from './52-cache-parts.ts';
import type { Issued, Load, ModelOptions, Tally } from './52-cache-parts.ts';

const REFUSED = { failure: 'refused', kind: 'policy', status: 400, error: 'invalid_grant', description: '' } as const;
const MAX_BACKGROUND = 8;
const MAX_LOADS = 40;
const CLIENTS = ['client-1', 'client-2'] as const;

/** The real cache beside a plain list of what it may serve, under one clock. */
export class CacheModel {
  readonly tally: Tally;
  readonly #options: ModelOptions;
  readonly #cache: TokenCache<string>;
  readonly #costs: ReadonlyMap<string, number>;
  readonly #keys: readonly TokenKey[];
  #kept: Issued[] = [];
  #loads: Load[] = [];
  #now = 1_800_000_000;
  #client: (typeof CLIENTS)[number] = 'client-1';
  #issued = 0;
  #asking: string | undefined;
  #tick: () => void = () => {};

  private constructor(options: ModelOptions, keys: readonly TokenKey[], costs: ReadonlyMap<string, number>) {
    this.#options = options;
    this.#keys = keys;
    this.#costs = costs;
    this.tally = emptyTally();
    const { maxEntries, maxBytes, random } = options;
    this.#cache = createTokenCache<string>({
      now: () => this.#now,
      maxEntries,
      maxBytes,
      refreshAhead: true,
      staleOnError: true,
      random: () => random.below(1000) / 1000,
      everySecond: (work) => {
        this.#tick = work;
        return () => {};
      },
    });
  }

  /** Learns what each key costs before anything else. */
  static async create(options: ModelOptions, keys: readonly TokenKey[]): Promise<CacheModel> {
    return new CacheModel(options, keys, await costsOf(keys, CLIENTS));
  }

  /** One random operation, and every check after it. */
  async step(): Promise<void> {
    const { random } = this.#options;
    const dice = random.below(1000);
    if (dice < 540) await this.#get(this.#pickKey(), 1, false);
    else if (dice < 600) await this.#get(this.#pickKey(), 1 + random.below(4), false);
    else if (dice < 620) await this.#get(this.#pickKey(), 1, true);
    else if (dice < 820) await this.#succeed();
    else if (dice < 890) await this.#fail();
    else if (dice < 950) await this.#pass();
    else if (dice < 990) await this.#abort();
    else if (dice < 998) await this.#rotate();
    else if (dice < 999) this.#changeClient();
    else this.#clear();
    this.#check();
  }

  close(): void {
    this.#cache.close();
    assert.deepEqual(this.#cache.size(), { entries: 0, bytes: 0, inFlight: 0 });
  }

  #pickKey(): TokenKey {
    const { random } = this.#options;
    const key = this.#keys[random.below(this.#keys.length)];
    assert.ok(key !== undefined);
    return { ...key, clientId: this.#client };
  }

  #keptFor(name: string): Issued | undefined {
    return this.#kept.find((token) => token.name === name);
  }

  #loadFor(name: string): Load | undefined {
    return this.#loads.find((load) => load.name === name && load.wanted);
  }

  #drop(name: string): void {
    this.#kept = this.#kept.filter((token) => token.name !== name);
  }

  /** The issuer is asked: by somebody who waits, or in the background. */
  #open(key: TokenKey): Promise<LoadedToken<string>> {
    const name = nameOf(key);
    assert.equal(this.#loadFor(name), undefined, `two fetches at once for ${name}`);
    const background = this.#asking !== name;
    this.#asking = undefined;
    if (background) this.tally.refreshed += 1;
    const { promise, resolve: succeed, reject: fail } = Promise.withResolvers<LoadedToken<string>>();
    const openedAt = this.#now;
    this.#loads.push({ key, name, openedAt, background, waiters: [], succeed, fail, wanted: true });
    const busy = this.#loads.filter((load) => load.background && load.key.provider === key.provider);
    assert.ok(busy.length <= MAX_BACKGROUND, `${busy.length} fetches in the background`);
    return promise;
  }

  async #get(key: TokenKey, times: number, skip: boolean): Promise<void> {
    for (let at = 0; at < times; at += 1) await this.#ask(key, skip);
  }

  async #ask(key: TokenKey, skip: boolean): Promise<void> {
    const name = nameOf(key);
    const token = skip ? undefined : this.#keptFor(name);
    const running = this.#loadFor(name);
    const isFresh = token !== undefined && this.#now < token.servedUntil;
    if (this.#loads.length >= MAX_LOADS && running === undefined && !isFresh) return;
    if (skip) this.#drop(name);
    this.#asking = isFresh && this.#options.exact ? undefined : name;
    const controller = new AbortController();
    const asked = this.#cache.get(key, () => this.#open(key), { skip, signal: controller.signal });
    const outcome = asked.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    this.#asking = undefined;
    const load = this.#loadFor(name);
    const isHit = isFresh && (this.#options.exact || load === undefined || (await isSettled(outcome)));
    if (isHit) {
      // What it began is in the background: this one does not wait for it.
      if (load !== undefined && running === undefined) load.background = true;
      checkHit(await outcome, token, this.#now);
      this.tally.hit += 1;
      return;
    }
    if (isFresh) {
      this.tally.evicted += 1;
      this.#drop(name);
    }
    assert.ok(load !== undefined, `no fetch for ${name}`);
    const result = skip ? 'skipped' : running === undefined ? 'miss' : 'joined';
    load.waiters.push({ skip, result, controller, outcome });
  }

  #takeLoad(): Load | undefined {
    const [load] = this.#loads.splice(this.#options.random.below(Math.max(1, this.#loads.length)), 1);
    return load;
  }

  async #succeed(): Promise<void> {
    const load = this.#takeLoad();
    if (load === undefined) return;
    const { random } = this.#options;
    const life = random.pick(LIVES);
    const isExchange = load.key.grant === 'exchange';
    const until = isExchange ? this.#now + random.pick([-1, 5, 60, 1000, 9999]) : undefined;
    this.#issued += 1;
    const token = issue(load, { id: `${this.#issued}`, life, until, bytes: 10 + random.below(200) });
    if (load.wanted && life > 0 && this.#now < token.servedUntil) {
      this.#drop(load.name);
      this.#kept.push(token);
    }
    load.succeed({ value: token.id, expiresIn: life, bytes: token.bytes, ...(until === undefined ? {} : { until }) });
    for (const { outcome, result } of load.waiters) {
      const secondsLeft = Math.max(0, Math.floor(load.openedAt + life - this.#now));
      assert.deepEqual(await outcome, { value: token.id, secondsLeft, result });
      this.tally[result] += 1;
    }
    await drain();
  }

  async #fail(): Promise<void> {
    const load = this.#takeLoad();
    if (load === undefined) return;
    const { random } = this.#options;
    const isAway = random.below(3) > 0;
    const retryAfterSeconds = random.below(4) === 0 ? 7 : undefined;
    const error = isAway
      ? unreachable('away', { unavailable: true, retryAfterSeconds })
      : new TokenRequestFailed(REFUSED);
    load.fail(error);
    const old = this.#keptFor(load.name);
    const mayServe = isAway && old?.key.grant === 'machine' && this.#now < old.staleUntil;
    for (const { outcome, skip } of load.waiters) {
      const got = await outcome;
      if (got instanceof Error) {
        assert.equal(got, error);
        assert.ok(!this.#options.exact || skip || !mayServe, 'an old token was not served');
        this.tally.failed += 1;
        continue;
      }
      assert.ok(!skip && mayServe, 'an old token was served');
      checkStale(got, old, this.#now);
      this.tally.stale += 1;
    }
    await drain();
  }

  async #pass(): Promise<void> {
    this.#now += this.#options.random.pick(STEPS);
    const time = Math.floor(this.#now);
    this.#kept = this.#kept.filter((token) => Math.ceil(token.staleUntil) > time);
    this.#tick();
    await drain();
  }

  async #abort(): Promise<void> {
    const load = this.#loads[this.#options.random.below(Math.max(1, this.#loads.length))];
    const [waiter] = load?.waiters.splice(this.#options.random.below(3), 1) ?? [];
    if (waiter === undefined) return;
    const reason = new Error('enough');
    waiter.controller.abort(reason);
    assert.equal(await waiter.outcome, reason);
    this.tally.aborted += 1;
  }

  /** Another key to sign with changes nothing of what is kept. */
  async #rotate(): Promise<void> {
    const fresh = this.#kept.find((token) => this.#now < token.servedUntil && token.key.clientId === this.#client);
    if (fresh !== undefined) await this.#ask(fresh.key, false);
  }

  #changeClient(): void {
    const old = this.#client;
    for (const provider of new Set(this.#keys.map((key) => key.provider))) {
      for (const issuer of new Set(this.#keys.map((key) => key.issuer))) {
        this.#cache.forget({ provider, issuer, clientId: old });
      }
    }
    this.#client = old === 'client-1' ? 'client-2' : 'client-1';
    this.#kept = this.#kept.filter(({ key }) => key.clientId !== old);
    for (const load of this.#loads) if (load.key.clientId === old) load.wanted = false;
    this.tally.forgotten += 1;
  }

  #clear(): void {
    this.#cache.clear();
    this.#kept = [];
    for (const load of this.#loads) load.wanted = false;
    this.tally.forgotten += 1;
  }

  #check(): void {
    const wanted = this.#loads.filter((load) => load.wanted).length;
    checkSize(this.#cache.size(), { options: this.#options, kept: this.#kept, costs: this.#costs, wanted });
  }
}
