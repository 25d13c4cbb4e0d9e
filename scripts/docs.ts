import { readFileSync, writeFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.ts';

/** Writes docs/configuration.md from the settings tables; with `--check`, fails when it is stale. */
const file = new URL('../docs/configuration.md', import.meta.url);
const page = configurationPage();

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/configuration.md is stale: run `npm run docs`');
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, page);
}
