/** What oidc-provider keeps, by kind and id. */
interface Kept extends Record<string, unknown> {
  readonly uid?: string;
  readonly grantId?: string;
}

/** What oidc-provider asks of a store: its adapter, as far as these tests go. */
interface Adapter {
  upsert(id: string, payload: Kept): Promise<void>;
  find(id: string): Promise<Kept | undefined>;
  findByUid(uid: string): Promise<Kept | undefined>;
  findByUserCode(): Promise<undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

/** A memory of its sessions, grants and tokens that outlives one instance, as the package's own does not. */
export function createForeignMemory(): (kind: string) => Adapter {
  const kept = new Map<string, Kept>();
  return (kind) => {
    const keyOf = (id: string): string => `${kind}:${id}`;
    return {
      upsert: async (id, payload) => void kept.set(keyOf(id), payload),
      find: async (id) => kept.get(keyOf(id)),
      findByUid: async (uid) => [...kept].find(([key, each]) => key.startsWith(`${kind}:`) && each.uid === uid)?.[1],
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const found = kept.get(keyOf(id));
        if (found !== undefined) kept.set(keyOf(id), { ...found, consumed: Math.floor(Date.now() / 1000) });
      },
      destroy: async (id) => void kept.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, each] of kept) if (each.grantId === grantId) kept.delete(key);
      },
    };
  };
}
