import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseManifest } from '../registrar/manifest.ts';
import { formatProblem, hasError, type Problem, problemAt } from '../registrar/problem.ts';
import { member } from '../registrar/tree.ts';
import { parseYaml } from '../registrar/yaml-tree.ts';
import { UpError } from '../up/state-folder.ts';
import { type CommandResult, exitCodeOf, readManifestFolder } from './manifest-folder.ts';

const USAGE = 2;

/**
 * `fullmakt validate [path...]`: every problem of the manifests in folders (with the rules across apps) or single files,
 * one a line, or as JSON. Exit code 1 for an Error, 2 for wrong usage.
 */
export function validate(args: readonly string[], cwd: string): CommandResult {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const found =
      positionals.length === 0 ? [checkFolder(undefined, cwd)] : positionals.map((path) => check(path, cwd));
    const problems = found.flatMap((each) => each.problems);
    const apps = found.reduce((sum, each) => sum + each.apps, 0);
    const stdout = values.json ? `${JSON.stringify({ apps, problems }, null, 2)}\n` : report(apps, problems);
    return { exitCode: exitCodeOf(problems), stdout, stderr: '' };
  } catch (error) {
    if (error instanceof UpError || error instanceof TypeError) {
      return { exitCode: USAGE, stdout: '', stderr: `fullmakt validate: ${error.message}\n` };
    }
    throw error;
  }
}

interface Checked {
  readonly apps: number;
  readonly problems: readonly Problem[];
}

function check(path: string, cwd: string): Checked {
  const full = resolve(cwd, path);
  const found = statSync(full, { throwIfNoEntry: false });
  if (found === undefined) throw new UpError(`there is no file or folder ${full}`);
  return found.isDirectory() ? checkFolder(path, cwd) : checkFile(full, cwd);
}

function checkFolder(path: string | undefined, cwd: string): Checked {
  const { problems, snapshot } = readManifestFolder(path, cwd);
  return { apps: [...snapshot.apps()].length, problems };
}

/** One file by itself: the folder gives the namespace only where the manifest does not. */
function checkFile(path: string, cwd: string): Checked {
  const file = relative(cwd, path);
  const results = parseYaml(readFileSync(path)).map((document): Checked => {
    if (!document.ok)
      return { apps: 0, problems: document.faults.map(({ at, message }) => yamlProblem(file, at, message)) };
    const named = member(member(document.tree, 'metadata'), 'namespace') !== undefined;
    const { draft, problems } = parseManifest(document.tree, {
      cluster: 'local',
      file,
      folder: dirname(path),
      namespace: named ? undefined : basename(dirname(path)),
      naisIdentityMode: 'both',
      entraTenants: [],
      prefixOf: () => 'example',
    });
    return { apps: draft === undefined ? 0 : 1, problems };
  });
  return {
    apps: results.reduce((sum, each) => sum + each.apps, 0),
    problems: results.flatMap((each) => each.problems),
  };
}

function yamlProblem(file: string, at: { readonly line: number; readonly column: number }, message: string): Problem {
  return problemAt({ file, ...at, path: '' }, { type: 'Error', code: 'yaml', message });
}

function report(apps: number, problems: readonly Problem[]): string {
  const lines = problems.map((problem) => `${formatProblem(problem)}\n`);
  const errors = problems.filter((problem) => problem.type === 'Error').length;
  const valid = `${apps} valid ${apps === 1 ? 'app' : 'apps'}`;
  const summary = hasError(problems) ? `${valid}, ${errors} ${errors === 1 ? 'error' : 'errors'}` : valid;
  return `${lines.join('')}${summary}\n`;
}
