import { readFileSync, writeFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.ts';
import { sidecarOpenapiFile } from './openapi.ts';

/** Writes what in docs/ is made from the code; with `--check`, fails when some of it is stale. */
const files = { 'configuration.md': configurationPage(), 'sidecar-openapi.json': sidecarOpenapiFile() };

for (const [name, text] of Object.entries(files)) {
  const file = new URL(`../docs/${name}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/${name} is stale: run \`npm run docs\``);
    process.exitCode = 1;
  }
}
