import { createIdp } from '../idp/app.ts';
import { ensurePrivateCa } from '../idp/keys/ca.ts';
import type { IdpConfig } from '../idp/config.ts';
import type { IdpEvent } from '../idp/events.ts';
import { extraHostsOf } from '../idp/origins.ts';
import { requireSafety } from '../idp/safety.ts';
import type { Clock } from '../oauth/time.ts';
import { createMemoryRegistry } from '../registry/registry.ts';
import { createMemoryStore } from '../store/memory.ts';
import { type Closers, createClosers } from '../up/closers.ts';
import { openAll } from '../up/listening.ts';
import { claimStateFolder, makeStateFolder } from '../up/state-folder.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import { requirePorts } from './idp-settings.ts';

/** Local identity providers without anything else of the platform. */
export interface RunningIdp {
  /** Drains and closes every listener and lets go of the state folder. */
  close(): Promise<void>;
}

const now: Clock = () => Date.now() / 1000;
/** 10,000 SSO sessions, each with its record, its `sid`, its place in the list and a client, and as many refresh tokens. */
const STORE_BOUNDS = { maxEntries: 50_000, maxBytes: 48 * 1024 * 1024, whenFull: 'forget-oldest' } as const;

/**
 * Starts the personas of a configuration: sessions and tokens in memory, no app registered, state in its folder. Resolves when
 * they listen. Rejects, with everything closed again, when an address is taken or unsafe or a file cannot be used.
 */
export async function startIdpAlone(config: IdpConfig, tell: (event: IdpEvent) => void): Promise<RunningIdp> {
  const closers = createClosers();
  try {
    await open(config, tell, closers);
    return { close: () => closers.close() };
  } catch (error) {
    await closers.close().catch(() => {});
    throw error;
  }
}

async function open(config: IdpConfig, emit: (event: IdpEvent) => void, closers: Closers): Promise<void> {
  const { stateDir } = config;
  // Before anything is made: createIdp would refuse too, but with a folder left behind.
  requireSafety(config);
  requirePorts(config);
  makeStateFolder(stateDir);
  const owner = claimStateFolder(stateDir, {
    command: 'idp',
    pid: process.pid,
    startedAt: new Date(now() * 1000).toISOString(),
  });
  closers.add(owner.release);
  // Also where no https listener asks for it: the hints name its file.
  const { caPem } = await ensurePrivateCa(stateDir, now(), extraHostsOf(config));
  const outbound = createOutboundFetch({ ca: caPem });
  closers.add(() => outbound.close());
  const store = createMemoryStore({ now, ...STORE_BOUNDS });
  closers.add(() => store.close());
  const registry = createMemoryRegistry({ now });
  const idp = await createIdp(config, { registry, store, fetch: outbound.fetch, now, emit });
  closers.add(() => idp.close());
  const listeners = await openAll(idp.listeners);
  closers.add(() => listeners.close());
  await idp.start?.();
}
