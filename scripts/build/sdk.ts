import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { readManifest, ROOT, SDK, writeJson } from './place.ts';

/**
 * Makes the package `@fullmakt/sdk`: JavaScript and types of its entry points and of what they import, nothing else. It has no
 * dependencies, and frameworks are optional peers. Throws when it does not compile.
 */
export function buildSdk(version: string, folder: string = SDK): void {
  rmSync(folder, { recursive: true, force: true });
  const compiler = [`${ROOT}node_modules/typescript/bin/tsc`, '-p', `${ROOT}tsconfig.build.json`, '--outDir', folder];
  execFileSync(process.execPath, compiler, { cwd: ROOT, stdio: 'inherit' });
  const source = readManifest('src/sdk/package.json');
  const { name, description, keywords, license, peerDependencies, peerDependenciesMeta } = source;
  writeJson(`${folder}/package.json`, {
    name,
    version,
    description,
    keywords,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    exports: exportsOf(source.exports ?? {}),
    files: ['sdk', 'oauth'],
    peerDependencies,
    peerDependenciesMeta,
    publishConfig: { access: 'public', provenance: true },
  });
  cpSync(`${ROOT}LICENSE`, `${folder}/LICENSE`);
  cpSync(`${ROOT}src/sdk/README.md`, `${folder}/README.md`);
}

/** `./hono.ts` of the source becomes its types and its JavaScript, types first, for that is the order they are looked up in. */
function exportsOf(source: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const built = Object.entries(source).map(([subpath, file]) => {
    const base = file.replace(/^\.\//, './sdk/').replace(/\.ts$/, '');
    return [subpath, { types: `${base}.d.ts`, default: `${base}.js` }];
  });
  return Object.fromEntries([...built, ['./package.json', './package.json']]);
}
