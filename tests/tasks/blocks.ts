import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  /** Base name of the page; `sdk` for that of the library. */
  readonly page: string;
  readonly language: string;
  /** What its first line says it is called, as `// name` or `# name`; else its language and a number, from 1. */
  readonly name: string;
  readonly text: string;
}

/** The blocks of some pages, and which of them a test has asked for. */
export interface Blocks {
  readonly all: readonly Block[];
  /** The text of one. Throws when it is not there. */
  take(page: string, name: string): string;
  /** Those nobody has asked for. */
  untouched(): readonly string[];
}

/** Reads pages; paths from the root of the checkout. */
export function readBlocks(pages: readonly string[]): Blocks {
  const all = pages.flatMap(blocksOf);
  const taken = new Set<Block>();
  return {
    all,
    take: (page, name) => {
      const found = all.find((block) => block.page === page && block.name === name);
      assert.ok(found, `${page} has no block ${name}`);
      taken.add(found);
      return found.text;
    },
    untouched: () => all.filter((block) => !taken.has(block)).map(({ page, name }) => `${page}: ${name}`),
  };
}

function blocksOf(path: string): readonly Block[] {
  const page = path.startsWith('src/sdk') ? 'sdk' : basename(path, '.md');
  const count = new Map<string, number>();
  const said = readFileSync(join(root, path), 'utf8');
  const fences = [...said.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  // None is written in a way that is not found here.
  assert.equal(said.match(/^\s*(?:```|~~~)/gm)?.length ?? 0, fences.length * 2, `${path}: fences`);
  return fences.map(([, language = '', text = '']) => {
    const [, named] = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text) ?? [];
    const number = (count.get(language) ?? 0) + 1;
    count.set(language, number);
    return { page, language, name: named ?? `${language} ${number}`, text };
  });
}
