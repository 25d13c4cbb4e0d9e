import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetch } from '../../src/oauth/fetch.ts';
import { createIdp } from '../../src/idp/app.ts';
import type { Idp } from '../../src/idp/app.ts';
import { ensurePrivateCa } from '../../src/idp/ca.ts';
import { idpSettings } from '../../src/idp/config.ts';
import { silent } from '../../src/observe/events.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import type { SnapshotData } from '../../src/registry/snapshot.ts';
import { readSettings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createOutboundFetch } from '../../src/web/outbound-fetch.ts';
import { serve } from '../../src/web/serve.ts';
import type { Listener, Program } from '../../src/web/serve.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';
import { withFreePorts } from './ports.ts';

/** The default tenant of the local Entra ID. */
export const TENANT = '00000000-0000-4000-8000-00000000f001';

/** The local identity providers, running. */
export interface Providers {
  readonly issuers: Idp['issuers'];
  /** Where Entra ID is: scheme, host and port. */
  readonly entraOrigin: string;
  /** Path of the CA that Entra's certificate hangs under. */
  readonly caFile: string;
  /** Believes that CA. */
  readonly fetch: Fetch;
  /** Believes it too, and sends what a browser sends. */
  readonly browse: TestFetch;
  readonly registry: Registry;
  close(): Promise<void>;
}

/** The clock of every server in these tests: foreign clients cannot be given another. */
export function now(): number {
  return Date.now() / 1000;
}

/** Starts ID-porten, Entra ID and Maskinporten on free ports, for the clients in `data`. Close it, or the process stays. */
export async function startProviders(data: SnapshotData): Promise<Providers> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-strangers-'));
  const { caFile } = await ensurePrivateCa(stateDir, now());
  const outbound = createOutboundFetch({ ca: await readFile(caFile, 'utf8') });
  const registry = createMemoryRegistry({ now, initial: data });
  const store = createMemoryStore({ now });
  const { idp, stop } = await withFreePorts(5, async (ports) => {
    const config = configFor(stateDir, ports);
    const made = await createIdp(config, { registry, store, fetch: outbound.fetch, now, emit: silent });
    return { idp: made, ...(await run(made)) };
  });
  return {
    issuers: idp.issuers,
    entraOrigin: new URL(idp.issuers.entra).origin,
    caFile,
    fetch: outbound.fetch,
    browse: localFetch(caFile),
    registry,
    close: async () => {
      await stop();
      await Promise.all([store.close(), outbound.close()]);
      registry.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Opens every listener of a program; when one cannot be opened, none stays. */
export async function run(
  program: Program,
): Promise<{ readonly listeners: readonly Listener[]; readonly stop: () => Promise<void> }> {
  const opened = await Promise.allSettled(program.listeners.map((spec) => serve(spec)));
  const listeners = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    await program.close();
  };
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  await program.start?.();
  return { listeners, stop };
}

function configFor(
  stateDir: string,
  [idporten, login, entra, entraHttp, maskinporten]: readonly number[],
): Parameters<typeof createIdp>[0] {
  const read = readSettings(idpSettings, {
    FULLMAKT_IDP_STATE_DIR: stateDir,
    FULLMAKT_IDP_IDPORTEN_BIND: `localhost:${idporten}`,
    FULLMAKT_IDP_IDPORTEN_LOGIN_BIND: `localhost:${login}`,
    FULLMAKT_IDP_ENTRA_BIND: `localhost:${entra}`,
    FULLMAKT_IDP_ENTRA_HTTP_BIND: `localhost:${entraHttp}`,
    FULLMAKT_IDP_MASKINPORTEN_BIND: `localhost:${maskinporten}`,
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.settings;
}
