import type { AppId } from '../registry/app-id.ts';
import type { Registry } from '../registry/contract.ts';
import type { KeyRow } from '../registry/key-row.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import { accessDiff } from './access-diff.ts';
import type { AccessEdge } from './access-diff.ts';
import { compileApp } from './compile.ts';
import type { RegistrarConfig } from './config.ts';
import { isForeign, ownApps } from './foreign.ts';
import { guardDeletions } from './guard.ts';
import { makeKey } from './keys.ts';
import type { KeyWish } from './keys.ts';
import type { AppDraft } from './manifest.ts';
import { makePlan } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Platform } from './platform.ts';

/** What applying needs. */
export interface ApplyParts {
  readonly config: RegistrarConfig;
  readonly registry: Registry;
  readonly platform: Platform;
  readonly wrapper: KeyWrapper;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

/** What should be: the valid apps, and all that some document speaks of. */
export interface Desired {
  readonly drafts: readonly AppDraft[];
  readonly present: ReadonlySet<AppId>;
  readonly complete: boolean;
  readonly allowMassDelete: boolean;
}

/** What was written. */
export interface Applied {
  readonly plan: Pick<Plan, 'created' | 'changed' | 'removed'>;
  readonly held: readonly AppId[];
  readonly made: readonly KeyRow[];
  readonly wrote: boolean;
  readonly gains: readonly AccessEdge[];
  readonly loses: readonly AccessEdge[];
}

const MAX_ATTEMPTS = 10;

/** Plans against the registry and writes all of it in one transaction; plans again when somebody else wrote first. Throws RegistryUnavailable. */
export async function applyDesired(desired: Desired, parts: ApplyParts): Promise<Applied> {
  const { registry, config } = parts;
  const compiled = desired.drafts.map((draft) =>
    compileApp(draft, { platform: parts.platform, entraTenant: config.entraTenant }),
  );
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const snapshot = registry.snapshot();
    const known = ownApps(snapshot).map((app) => app.id);
    const { remove, held } = guardDeletions({ ...desired, known });
    const { wildcardGrants, entraPasswords, tokenxKeyAlgorithm } = config;
    const keys = await registry.keys();
    const plan = makePlan({
      desired: compiled.filter(({ draft }) => !isForeign(draft.id, snapshot)),
      remove,
      snapshot,
      keys,
      wildcardGrants,
      entraPasswords,
      tokenxKeyAlgorithm,
    });
    const made = await makeKeys(plan.wishes, parts);
    const change = plan.change(made);
    if (change === undefined) return { plan, held, made, wrote: false, gains: [], loses: [] };
    if ((await registry.commit(snapshot.version, change)) === 'conflict') continue;
    return { plan, held, made, wrote: true, ...accessDiff(snapshot, registry.snapshot()) };
  }
  throw new Error(`the registry changed ${MAX_ATTEMPTS} times while a plan was applied`);
}

/** Gives one client the next key that it lacks; undefined when none does. */
export async function makeNextKey({ registry, wrapper, now }: Omit<ApplyParts, 'config'>): Promise<KeyRow | undefined> {
  const [wish] = await nextWishes(registry);
  if (wish === undefined) return undefined;
  const key = await makeKey(wish, wrapper, now());
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const snapshot = registry.snapshot();
    const client = snapshot.clientOf(key.app, key.provider);
    const isLacking = (await nextWishes(registry)).some(
      (each) => each.uid === key.uid && each.provider === key.provider,
    );
    if (client === undefined || key.publicJwk === undefined || !isLacking) return undefined;
    const putClients = [{ ...client, keys: [...client.keys, key.publicJwk] }];
    if ((await registry.commit(snapshot.version, { putKeys: [key], putClients })) === 'ok') return key;
  }
  return undefined;
}

/** Clients with a current key of ours and no next one. */
export async function nextWishes(registry: Registry): Promise<readonly KeyWish[]> {
  const bySlot = Map.groupBy(await registry.keys(), ({ app, provider, kind }) => `${app} ${provider} ${kind}`);
  return [...bySlot.values()].flatMap((keys) => {
    const current = keys.find((key) => key.state === 'current' && key.kind === 'jwk');
    if (current === undefined || keys.some((key) => key.state === 'next')) return [];
    const { app, uid, provider, kind } = current;
    const alg = current.alg === 'ES256' ? current.alg : 'RS256';
    return [{ app, uid, provider, kind, state: 'next' as const, alg }];
  });
}

/** All at once: RSA keys are made on the thread pool. */
function makeKeys(wishes: readonly KeyWish[], { wrapper, now }: ApplyParts): Promise<readonly KeyRow[]> {
  return Promise.all(wishes.map((wish) => makeKey(wish, wrapper, now())));
}
