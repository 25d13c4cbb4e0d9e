import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ROOT } from './place.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly unknown[];
}

/** A bill of materials as CycloneDX has it; other members are kept as npm wrote them. */
interface Bill {
  readonly bomFormat: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

const FOLDER = 'node_modules/';

/**
 * What of the command is there at run time, by version and hash, as the lock file has it. npm's own `--omit dev` leaves out what is
 * asked for by the tests too, and that is part of the command none the less.
 */
export function billOfMaterials(): Bill {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bill: Bill = JSON.parse(
    execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
    readFileSync(`${ROOT}package-lock.json`, 'utf8'),
  );
  const there = new Set(
    Object.entries(lock.packages)
      .filter(
        ([path, { dev, devOptional, peer }]) => path.startsWith(FOLDER) && ![dev, devOptional, peer].includes(true),
      )
      .map(([path, { version = '' }]) => `${path.slice(path.lastIndexOf(FOLDER) + FOLDER.length)}@${version}`),
  );
  const isThere = ({ name, version }: Component): boolean => there.has(`${name}@${version}`);
  const components = bill.components.filter(isThere);
  const gone = new Set(bill.components.filter((each) => !isThere(each)).map((each) => each['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => !gone.has(ref))
    .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => !gone.has(ref)) }));
  return { ...bill, components, dependencies };
}
