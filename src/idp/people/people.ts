import { join } from 'node:path';
import { LineCounter, isNode, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { readIfThere, writeWhole } from '../state/files.ts';
import { FIRST_PEOPLE } from './first.ts';
import { parsePerson } from './person.ts';
import type { Person } from './person.ts';
import { isSyntheticPid } from './pid.ts';
import { watchFile } from '../state/watched-file.ts';
import { yamlProblem } from '../state/yaml-problem.ts';

/** An entry of `people.yaml` that was left out, and why. `line` is 1-based. */
export interface SkippedEntry {
  readonly line: number;
  readonly problem: string;
}

/** Who can sign in. */
export interface People {
  all(): readonly Person[];
  /** The person with this pid; one who stands in no file is made up for a synthetic pid, undefined for any other text. */
  find(pid: string): Person | undefined;
  /** Adds a person or replaces one, in memory: the file is not written, and reading it again changes nothing about it. */
  put(person: Person): void;
  /** Takes a person off the list, in memory. False when nobody on it has this pid. */
  remove(pid: string): boolean;
  /** Back to what the file says. */
  reset(): void;
}

/** The people of a state folder: `people.yaml`, written at first start, read again whenever it changed. */
export async function loadPeople(stateDir: string, onSkipped: (entry: SkippedEntry) => void): Promise<People> {
  const file = join(stateDir, 'people.yaml');
  if ((await readIfThere(file)) === undefined) await writeWhole(file, FIRST_PEOPLE, 0o600);
  const read = watchFile(file);
  let people: readonly Person[] = [];
  const refresh = (): void => {
    const text = read();
    if (text === undefined) return;
    const parsed = parsePeople(text);
    people = parsed.people;
    for (const entry of parsed.skipped) onSkipped(entry);
  };
  refresh();
  return withEdits(() => {
    refresh();
    return people;
  });
}

function withEdits(file: () => readonly Person[]): People {
  // undefined = taken off the list.
  const edits = new Map<string, Person | undefined>();
  const all = (): readonly Person[] => {
    const people = file();
    if (edits.size === 0) return people;
    const kept = people.map((person) => (edits.has(person.pid) ? edits.get(person.pid) : person));
    const added = [...edits.values()].filter((edit) => people.every(({ pid }) => pid !== edit?.pid));
    return [...kept, ...added].filter((person) => person !== undefined);
  };
  return {
    all,
    find: (pid) => all().find((person) => person.pid === pid) ?? madeUp(pid),
    put: (person) => void edits.set(person.pid, person),
    remove: (pid) => {
      if (all().every((person) => person.pid !== pid)) return false;
      edits.set(pid, undefined);
      return true;
    },
    reset: () => edits.clear(),
  };
}

/** Reads `people.yaml`. Bad entries are named by line and left out; the others stand. */
export function parsePeople(text: string): { people: readonly Person[]; skipped: readonly SkippedEntry[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const skipped: SkippedEntry[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    problem: `not readable as YAML: ${yamlProblem(error)}`,
  }));
  const people = new Map<string, Person>();
  if (skipped.length > 0 || document.contents === null) return { people: [], skipped };
  if (!isSeq(document.contents)) return { people: [], skipped: [{ line: 1, problem: 'not a list of people' }] };
  for (const item of document.contents.items) {
    const line = isNode(item) && item.range ? lines.linePos(item.range[0]).line : 1;
    const result = readEntry(document, item);
    if (typeof result === 'string') skipped.push({ line, problem: result });
    else if (people.has(result.pid)) skipped.push({ line, problem: 'pid stands in an earlier entry' });
    else people.set(result.pid, result);
  }
  return { people: [...people.values()], skipped };
}

function readEntry(document: Document, item: unknown): ReturnType<typeof parsePerson> {
  try {
    return parsePerson(isNode(item) ? item.toJS(document) : item);
  } catch {
    return 'entry: holds more aliases than anyone needs';
  }
}

function madeUp(pid: string): Person | undefined {
  if (!isSyntheticPid(pid)) return undefined;
  return { pid, given: 'Synthetic', family: pid, locale: 'nb', eid: 'TestID' };
}
