import { cpSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { thirdPartyNotices } from './notices.ts';
import { COMMAND, readManifest, ROOT, writeJson } from './place.ts';

/** CommonJS inside the bundle asks for `require`, which modules do not have. */
const BANNER =
  "import { createRequire as fullmaktRequire } from 'node:module'; const require = fullmaktRequire(import.meta.url);";

/**
 * Makes the package `fullmakt`: the command with all it needs in a few files, so that it starts fast and installs nothing else. What
 * is loaded late stays in files of its own.
 */
export async function buildCommand(version: string, folder: string = COMMAND): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts', 'src/up/keeper-main.ts'],
    entryNames: '[name]',
    // All files are neighbours, as a program that starts another by its file expects.
    chunkNames: '[name]-[hash]',
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // The native driver is an alternative that pg looks for and does not need.
    external: ['pg-native'],
    banner: { js: BANNER },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const { description, keywords, license } = readManifest('package.json');
  writeJson(`${folder}/package.json`, {
    name: 'fullmakt',
    version,
    description,
    keywords,
    license,
    type: 'module',
    bin: { fullmakt: 'main.js' },
    engines: { node: '>=24' },
    files: ['*.js', 'docs', 'THIRD-PARTY-NOTICES.txt'],
    publishConfig: { access: 'public', provenance: true },
  });
  cpSync(`${ROOT}LICENSE`, `${folder}/LICENSE`);
  // That of the checkout speaks of what is not in the package.
  cpSync(`${ROOT}src/cli/README.md`, `${folder}/README.md`);
  cpSync(`${ROOT}docs/configuration.md`, `${folder}/docs/configuration.md`);
  thirdPartyNotices(Object.keys(metafile.inputs), `${folder}/THIRD-PARTY-NOTICES.txt`);
}
