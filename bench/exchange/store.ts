import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { publicJwk } from '../../src/oauth/jwk.ts';
import type { PublicJwk } from '../../src/oauth/jwk.ts';
import { appId, parseAppId } from '../../src/registry/app-id.ts';
import type { AppId } from '../../src/registry/app-id.ts';
import type { Registry, RegistryChange } from '../../src/registry/contract.ts';
import type { App, Client, Grant } from '../../src/registry/model.ts';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { appRow } from '../../src/registry/testing/app-row.ts';
import { openEmbeddedReplay } from '../../src/store/replay-embedded.ts';
import { ALGORITHMS, callerOf, grantedPlace, TARGETS, TARGETS_OF_ONE, targetOf } from './world.ts';
import type { BenchAlgorithm, BenchKeys } from './world.ts';

/** Apps beyond those of the load, and how many may call each of them. */
export interface Bulk {
  readonly apps: number;
  readonly grantsEach: number;
}

const BATCH = 10_000;
const TEAMS = 500;
const seconds = (): number => Date.now() / 1000;

/** Makes the state folder of a server: `callers` clients, every target, and whatever else is registered. */
export async function prepareFolder(
  dir: string,
  keys: BenchKeys,
  { callers, bulk }: { readonly callers: number; readonly bulk?: Bulk },
): Promise<string> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const registry = await openSqliteRegistry(join(dir, 'registry.sqlite'), { now: seconds });
  await put(registry, loadRows(keys, callers));
  if (bulk !== undefined) await putBulk(registry, publicJwk(keys.clients.RS256), bulk);
  await registry.close();
  // What this memory does not know was never used: assertions are made before the server starts.
  await openEmbeddedReplay(join(dir, 'replay.sqlite'), { now: seconds, since: 0 }).close();
  return dir;
}

function loadRows(keys: BenchKeys, callers: number): RegistryChange {
  const jwks = ALGORITHMS.map((alg) => publicJwk(keys.clients[alg]));
  const clients = Array.from({ length: callers }, (_each, index) => callerOf(index));
  const targets = ALGORITHMS.flatMap((alg) =>
    Array.from({ length: TARGETS }, (_each, place) => ({ id: targetOf(alg, place), alg, place })),
  );
  const callersOf = new Map<number, AppId[]>();
  for (const [index, id] of clients.entries()) {
    for (let choice = 0; choice < TARGETS_OF_ONE; choice += 1) {
      const place = grantedPlace(index, choice);
      callersOf.set(place, [...(callersOf.get(place) ?? []), id]);
    }
  }
  return {
    putApps: [...clients, ...targets.map(({ id }) => id)].map(appOf),
    putClients: [...clients.map((id) => clientOf(id, jwks)), ...targets.map(({ id, alg }) => clientOf(id, [], alg))],
    replaceGrants: targets.map(({ id, place }) => ({ target: id, grants: grantsOf(id, callersOf.get(place) ?? []) })),
  };
}

async function putBulk(registry: Registry, jwk: PublicJwk, { apps, grantsEach }: Bulk): Promise<void> {
  for (let first = 0; first < apps; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, apps - first) }, (_each, index) => bulkApp(first + index));
    // oxlint-disable-next-line no-await-in-loop -- each change follows the version of the one before
    await put(registry, {
      putApps: ids.map(appOf),
      putClients: ids.map((id) => clientOf(id, [jwk])),
      replaceGrants: ids.map((id, index) => {
        const callers = Array.from({ length: grantsEach }, (_each, more) => bulkApp((first + index + more + 1) % apps));
        return { target: id, grants: grantsOf(id, callers) };
      }),
    });
  }
}

function bulkApp(index: number): AppId {
  return appId('dev', `team-${index % TEAMS}`, `app-${index}`);
}

async function put(registry: Registry, change: RegistryChange): Promise<void> {
  const done = await registry.commit(registry.snapshot().version, change);
  if (done !== 'ok') throw new Error('somebody else writes to the registry of the benchmark');
}

function grantsOf(target: AppId, callers: readonly AppId[]): readonly Grant[] {
  return callers.map((id, index) => {
    const [cluster = '', namespace = '', name = ''] = id.split(':');
    const position = { file: 'bench.yaml', line: 1, column: 1, path: `spec.accessPolicy.inbound.rules[${index}]` };
    return { target, consumer: { cluster, namespace, name }, roles: [], scopes: [], position };
  });
}

function clientOf(id: AppId, keys: readonly PublicJwk[], alg: BenchAlgorithm = 'RS256'): Client {
  const token = alg === 'RS256' ? {} : { alg };
  return {
    app: id,
    provider: 'tokenx',
    clientId: id,
    state: 'ready',
    keys,
    registration: { provider: 'tokenx', token },
  };
}

function appOf(id: AppId): App {
  if (parseAppId(id) === undefined) throw new Error(`${id} is no app id`);
  return appRow(id);
}
