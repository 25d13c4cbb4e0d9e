import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readManifest, ROOT } from './place.ts';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** Writes who made what a bundle contains, and on which terms. `inputs` are its source files, relative to the checkout. Throws for a package without a licence. */
export function thirdPartyNotices(inputs: readonly string[], file: string): void {
  const folders = [...new Set(inputs.flatMap(packageFolder))].toSorted();
  const notices = folders.map((folder) => {
    const { name, version, license } = readManifest(`${folder}/package.json`);
    if (typeof license !== 'string') throw new Error(`${name} names no licence`);
    return [`${name} ${version} (${license})`, ...licenceTexts(folder)].join('\n\n');
  });
  writeFileSync(file, `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
}

/** The folder of the package a file is of; none for our own. */
function packageFolder(input: string): readonly string[] {
  const parts = input.split('/');
  const at = parts.lastIndexOf('node_modules');
  if (at === -1) return [];
  const length = parts[at + 1]?.startsWith('@') === true ? 3 : 2;
  const folder = parts.slice(0, at + length).join('/');
  return existsSync(`${ROOT}${folder}/package.json`) ? [folder] : [];
}

function licenceTexts(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`)
    .filter((name) => LICENCE_FILE.test(name))
    .map((name) => readFileSync(`${ROOT}${folder}/${name}`, 'utf8').trim());
}
