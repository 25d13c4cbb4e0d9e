import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parseManifest } from './manifest.ts';
import type { ParsedManifest } from './manifest.ts';
import type { ParseOptions } from './parse-options.ts';
import { problemAt } from './problem.ts';
import type { Problem } from './problem.ts';
import { parseYaml } from './yaml-tree.ts';

/** Everything one read of the folder found. `complete` = nothing that could be an app was missed, so that absence means removal. */
export interface SourceRead {
  readonly manifests: readonly ParsedManifest[];
  readonly problems: readonly Problem[];
  readonly complete: boolean;
  /** The folders that were looked into, for the watch. */
  readonly folders: readonly string[];
}

/** Reads the folder of manifests again and again; unchanged files are not parsed twice. */
export interface DirectorySource {
  read(): SourceRead;
}

/** How documents are read, beside what their place says. */
export type SourceOptions = Omit<ParseOptions, 'file' | 'folder' | 'namespace'> & {
  /** Absolute. */
  readonly dir: string;
  /** What the folder is called in messages. */
  readonly label: string;
};

type FileRead = Pick<SourceRead, 'manifests' | 'problems' | 'complete'>;
type Found = { readonly path: string; readonly namespace: string | undefined };

const MANIFEST = /\.(ya?ml|json)$/i;

/** Manifests in `<dir>/<namespace>/` and at the root; dot files are not looked at, links only followed inside the root (D1). */
export function createDirectorySource(options: SourceOptions): DirectorySource {
  let cache = new Map<string, { readonly bytes: Buffer; readonly read: FileRead }>();
  return {
    read() {
      const listing = listFiles(options.dir);
      const next: typeof cache = new Map();
      for (const found of listing.files) next.set(found.path, readCached(found, cache.get(found.path), options));
      cache = next;
      const reads = [...next.values()].map((entry) => entry.read);
      const manifests = reads.flatMap((read) => read.manifests);
      return {
        manifests,
        problems: [...listing.problems(options), ...reads.flatMap((read) => read.problems)],
        complete: listing.complete && manifests.length > 0 && reads.every((read) => read.complete),
        folders: listing.folders,
      };
    },
  };
}

interface Listing {
  readonly files: readonly Found[];
  readonly folders: readonly string[];
  readonly complete: boolean;
  problems(options: SourceOptions): readonly Problem[];
}

function listFiles(dir: string): Listing {
  const files: Found[] = [];
  const folders: string[] = [];
  const faults: { readonly path: string; readonly message: string }[] = [];
  const root = safely(() => realpathSync(dir));
  const visit = (folder: string, namespace: string | undefined): void => {
    const names = safely(() => readdirSync(folder).toSorted());
    if (names === undefined) return void faults.push({ path: folder, message: 'the folder cannot be read' });
    folders.push(folder);
    for (const name of names.filter((each) => !each.startsWith('.') && each !== 'node_modules')) {
      const path = join(folder, name);
      const real = safely(() => realpathSync(path));
      const isFolder = real && safely(() => statSync(real).isDirectory());
      if (real === undefined || isFolder === undefined) {
        // Gone between two looks, or a link that leads nowhere: perhaps a whole namespace.
        if (namespace === undefined || MANIFEST.test(name)) faults.push({ path, message: 'it cannot be read' });
      } else if (root === undefined || !real.startsWith(root + sep)) continue;
      else if (isFolder && namespace === undefined) visit(path, name);
      else if (!isFolder && MANIFEST.test(name)) files.push({ path, namespace });
    }
  };
  visit(dir, undefined);
  const problems = (options: SourceOptions): readonly Problem[] =>
    faults.map(({ path, message }) => fileProblem(labelOf(path, options), message));
  return { files, folders, complete: faults.length === 0, problems };
}

function readCached(
  found: Found,
  cached: { readonly bytes: Buffer; readonly read: FileRead } | undefined,
  options: SourceOptions,
): { readonly bytes: Buffer; readonly read: FileRead } {
  const bytes = safely(() => readFileSync(found.path));
  const file = labelOf(found.path, options);
  if (bytes === undefined) {
    const read = { manifests: [], problems: [fileProblem(file, 'the file cannot be read')], complete: false };
    return { bytes: Buffer.alloc(0), read };
  }
  if (cached !== undefined && cached.bytes.equals(bytes) && bytes.length > 0) return cached;
  return { bytes, read: readFile(bytes, file, found, options) };
}

function readFile(bytes: Buffer, file: string, found: Found, options: SourceOptions): FileRead {
  const folder = join(found.path, '..');
  const documents = parseYaml(bytes);
  if (documents.length === 0) {
    return { manifests: [], problems: [fileProblem(file, 'the file holds no document')], complete: false };
  }
  const manifests: ParsedManifest[] = [];
  const problems: Problem[] = [];
  for (const document of documents) {
    if (document.ok) {
      manifests.push(parseManifest(document.tree, { ...options, file, folder, namespace: found.namespace }));
    } else {
      for (const { at, message } of document.faults) problems.push(fileProblem(file, message, at));
    }
  }
  const relevant = manifests.filter((manifest) => manifest.relevant);
  const identified = relevant.every((manifest) => manifest.id !== undefined);
  return { manifests: relevant, problems, complete: identified && problems.length === 0 };
}

function fileProblem(file: string, message: string, at = { line: 1, column: 1 }): Problem {
  return problemAt({ file, ...at, path: '' }, { type: 'Error', code: 'yaml', message });
}

function labelOf(path: string, { dir, label }: SourceOptions): string {
  return join(label, path.slice(dir.length));
}

function safely<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
