import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { Registry } from '../../registry/registry.ts';
import type { RegistrarConfig } from '../config.ts';
import type { RegistrarEvent } from '../events.ts';
import type { Platform, ProviderEndpoints } from '../platform.ts';
import { createRegistrar } from '../registrar.ts';
import type { Registrar } from '../registrar.ts';

/** The clock of every bench stands still. */
export const now: () => number = () => 1000;

const endpoints = (issuer: string): ProviderEndpoints => ({
  issuer,
  wellKnownUrl: `${issuer}/.well-known/x`,
  jwksUri: `${issuer}/jwks`,
  tokenEndpoint: `${issuer}/token`,
});

/** A platform that gives addresses out. */
export const platform: Platform = {
  place: (_app, declared) => ({
    ingresses: declared.map((_, index) => `http://localhost:${7500 + index}`),
    bindAddress: '127.0.0.1:7501',
    port: 7501,
    sidecarOrigin: 'http://127.0.0.1:7502',
  }),
  endpoints: {
    tokenx: endpoints('http://localhost:7440'),
    idporten: endpoints('http://localhost:7410'),
    maskinporten: endpoints('http://localhost:7430'),
    azure: (tenant) => endpoints(`https://localhost:7421/${tenant}`),
  },
  caFile: '/state/ca.pem',
  allowLocalProviders: true,
  organisationOf: () => ({ orgno: '310000019', prefix: 'example' }),
};

/** A registrar over a folder of manifests of its own. */
interface Bench {
  readonly dir: string;
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly events: RegistrarEvent[];
  readonly again: () => Registrar;
}

/** File name below the folder, and content. */
export type Files = Readonly<Record<string, string>>;

/** Writes manifests. */
export function put(dir: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

/** A folder with these files and a registrar over it, both gone when the test is over. */
export function bench(
  t: { after(step: () => Promise<void>): void },
  files: Files,
  registry: Registry = createMemoryRegistry({ now }),
  changes: Partial<RegistrarConfig> = {},
): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-registrar-'));
  put(dir, files);
  const events: RegistrarEvent[] = [];
  const config: RegistrarConfig = {
    dir,
    label: 'apps',
    stateDir: join(dir, '.fullmakt'),
    cluster: 'local',
    wildcardGrants: 'network-only',
    naisIdentityMode: 'both',
    entraTenants: [],
    entraTenant: 'tenant-1',
    entraPasswords: true,
    tokenxKeyAlgorithm: 'RS256',
    rereadSeconds: 3600,
    allowMassDelete: false,
    nextKeysAfterSeconds: 3600,
    ...changes,
  };
  const made: Registrar[] = [];
  const again = (): Registrar => {
    const registrar = createRegistrar(config, { registry, now, platform, emit: (event) => void events.push(event) });
    made.push(registrar);
    return registrar;
  };
  t.after(async () => {
    await Promise.all(made.map((registrar) => registrar.close()));
    rmSync(dir, { recursive: true });
  });
  return { dir, registry, registrar: again(), events, again };
}

/** A manifest of our own kind. */
export function manifest(name: string, spec: string): string {
  return `apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: ${name}}\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
}
