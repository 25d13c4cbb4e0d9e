import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * Preloaded into a child process: one constant of `src/idp/unconfirmed.ts` has another value there. The file on disk stays as it is.
 */

const { FLIP_NAME: name = '', FLIP_VALUE: value = '' } = process.env;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (name === '' || !url.endsWith('/src/idp/unconfirmed.ts')) return loaded;
    const source = readFileSync(fileURLToPath(url), 'utf8');
    const declaration = new RegExp(String.raw`^export const ${name}\b[\s\S]*?;$`, 'm');
    if (!declaration.test(source)) throw new Error(`there is no constant ${name}`);
    return { ...loaded, source: source.replace(declaration, `export const ${name} = ${value};`) };
  },
});
