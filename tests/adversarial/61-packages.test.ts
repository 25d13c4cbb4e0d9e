import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { billOfMaterials } from '../../scripts/build/bill.ts';
import { buildCommand } from '../../scripts/build/command.ts';
import { buildSdk } from '../../scripts/build/sdk.ts';

/* What the two packages would bring to whoever installs them, and the bill of materials of the command. */

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-packages-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** Names under which npm runs something at an installation. */
const AT_INSTALLATION = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'preprepare', 'postprepare'];

interface Manifest {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly bundleDependencies?: unknown;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly gypfile?: boolean;
}

buildSdk('0.0.0', join(folder, 'sdk'));
await buildCommand('0.0.0', join(folder, 'command'));

for (const which of ['sdk', 'command']) {
  test(`T61 the package of the ${which} runs nothing at installation, depends on nothing, and can only be published with provenance`, () => {
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, which, 'package.json'), 'utf8'));
    for (const script of AT_INSTALLATION) assert.equal(manifest.scripts?.[script], undefined, script);
    assert.equal(manifest.gypfile, undefined);
    assert.deepEqual([manifest.dependencies ?? {}, manifest.optionalDependencies ?? {}], [{}, {}]);
    assert.equal(manifest.bundleDependencies, undefined);
    assert.deepEqual(manifest.publishConfig, { access: 'public', provenance: true });
    const packed: readonly { readonly files: readonly { readonly path: string }[] }[] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json'], {
        cwd: join(folder, which),
        encoding: 'utf8',
        stdio: 'pipe',
      }),
    );
    const paths = (packed[0]?.files ?? []).map(({ path }) => path);
    assert.ok(paths.length > 3);
    const stray = paths.filter((path) =>
      /binding\.gyp|\.node$|\.test\.|(?:^|\/)\.(?!d\.ts)|\.env|\.pem$|\.key$|node_modules/.test(path),
    );
    assert.deepEqual(stray, []);
  });
}

test('T61 the bill of materials names everything of the lock file that is there at run time, by version and hash', () => {
  const bill = billOfMaterials();
  assert.equal(bill.bomFormat, 'CycloneDX');
  const named = new Map(bill.components.map((each) => [`${each.name}@${each.version}`, each]));
  const lock: {
    readonly packages: Readonly<
      Record<
        string,
        {
          readonly version?: string;
          readonly dev?: boolean;
          readonly devOptional?: boolean;
          readonly peer?: boolean;
          readonly link?: boolean;
        }
      >
    >;
  } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const wanted = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional, link, peer }]) =>
      path.startsWith('node_modules/') && dev !== true && devOptional !== true && link !== true && peer !== true,
  );
  assert.ok(wanted.length > 20);
  for (const [path, { version = '' }] of wanted) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const found = named.get(`${name}@${version}`);
    assert.ok(found !== undefined && (found.hashes?.length ?? 0) > 0, `${name}@${version}`);
  }
});
