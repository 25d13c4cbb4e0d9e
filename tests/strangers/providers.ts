import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetch } from '../../src/oauth/fetch.ts';
import { createIdp } from '../../src/idp/app.ts';
import type { Idp } from '../../src/idp/app.ts';
import type { IdpDependencies } from '../../src/idp/stage.ts';
import { ensurePrivateCa } from '../../src/idp/keys/ca.ts';
import { idpSettings } from '../../src/idp/config.ts';
import type { PersonaName } from '../../src/idp/persona-names.ts';
import { originsOf } from '../../src/idp/origins.ts';
import type { IdpOrigins } from '../../src/idp/origins.ts';
import { openidClients } from '../../src/idp/control/client-openid.ts';
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
  /** Issuers and origins of every persona there is. */
  readonly origins: IdpOrigins;
  /** Registers a client of a generic persona, by the names of RFC 7591. */
  readonly register: (persona: PersonaName, metadata: Readonly<Record<string, unknown>>) => void;
  /** Where Entra ID is: scheme, host and port. */
  readonly entraOrigin: string;
  /** Path of the CA that Entra's certificate hangs under. */
  readonly caFile: string;
  /** Believes that CA. */
  readonly fetch: Fetch;
  /** Believes it too, and sends what a browser sends. */
  readonly browse: TestFetch;
  readonly registry: Registry;
  /** Calls the control API over HTTP, with the token that lies in the state folder. */
  readonly control: (method: string, path: string, body?: unknown) => Promise<Response>;
  close(): Promise<void>;
}

/** What tests bring along that own the time. */
export interface OwnTime {
  readonly now?: () => number;
  /** How slow answers wait. */
  readonly wait?: NonNullable<IdpDependencies['wait']>;
}

/** As in `fullmakt up`: no call of ours takes longer than a refresh. */
const LONGEST_CALL_SECONDS = 20;

/** The clock of every server in these tests that is given no other, as foreign clients cannot be. */
export function now(): number {
  return Date.now() / 1000;
}

/** Starts personas (ID-porten, Entra ID and Maskinporten unless told) on free ports, for the clients in `data`. Close it, or the process stays. */
export async function startProviders(
  data: SnapshotData,
  personas: readonly PersonaName[] = ['idporten', 'entra', 'maskinporten'],
  time: OwnTime = {},
): Promise<Providers> {
  const servers = { now, ...time };
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-strangers-'));
  const { caFile } = await ensurePrivateCa(stateDir, now());
  const outbound = createOutboundFetch({ ca: await readFile(caFile, 'utf8'), totalSeconds: LONGEST_CALL_SECONDS });
  const registry = createMemoryRegistry({ now: servers.now, initial: data });
  const store = createMemoryStore({ now: servers.now });
  const { idp, origins, control, stop } = await withFreePorts(1 + BINDS.length, async (ports) => {
    const config = configFor(stateDir, ports, personas);
    const made = await createIdp(config, { registry, store, fetch: outbound.fetch, emit: silent, ...servers });
    return { idp: made, origins: originsOf(config), control: `http://127.0.0.1:${ports[0]}`, ...(await run(made)) };
  });
  const token = (await readFile(join(stateDir, 'control-token'), 'utf8')).trim();
  return {
    issuers: idp.issuers,
    origins,
    register: (persona, metadata) => {
      const read = openidClients.read(metadata, { persona, source: 'api' });
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      idp.clients.put(read.client);
    },
    entraOrigin: new URL(idp.issuers.entra).origin,
    caFile,
    fetch: outbound.fetch,
    browse: localFetch(caFile),
    registry,
    control: (method, path, body) =>
      fetch(`${control}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    close: async () => {
      await stop();
      await Promise.all([store.close(), outbound.close()]);
      await registry.close();
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

/** The settings that say where each service listens; issuers follow. */
const BINDS = [
  'IDPORTEN',
  'IDPORTEN_LOGIN',
  'ENTRA',
  'ENTRA_HTTP',
  'GRAPH',
  'MASKINPORTEN',
  'OPENID',
  'OIDF_BASIC',
  'OIDF_FAPI2',
  'OIDF_CC',
] as const;

function configFor(
  stateDir: string,
  [control, ...ports]: readonly number[],
  personas: readonly PersonaName[],
): Parameters<typeof createIdp>[0] {
  const binds = BINDS.map((name, at) => [`FULLMAKT_IDP_${name}_BIND`, `localhost:${ports[at]}`]);
  const read = readSettings(idpSettings, {
    ...Object.fromEntries(binds),
    FULLMAKT_IDP_STATE_DIR: stateDir,
    FULLMAKT_IDP_CONTROL_BIND: `127.0.0.1:${control}`,
    FULLMAKT_IDP_PERSONAS: personas.join(','),
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.settings;
}
