import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, isMap, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { readIfThere, writeWhole } from './files.ts';
import { FIRST_PEOPLE } from './people-first.ts';
import { parsePerson } from './person.ts';
import type { Person } from './person.ts';
import { isSyntheticPid } from './pid.ts';

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
}

/** The people of a state folder: `people.yaml`, written at first start, read again whenever it changed. */
export async function loadPeople(stateDir: string, onSkipped: (entry: SkippedEntry) => void): Promise<People> {
  const file = join(stateDir, 'people.yaml');
  if ((await readIfThere(file)) === undefined) await writeWhole(file, FIRST_PEOPLE, 0o600);
  let seen = '';
  let people: readonly Person[] = [];
  const refresh = (): void => {
    const now = stampOf(file);
    if (now === undefined || now === seen) return;
    seen = now;
    const parsed = parsePeople(readFileSync(file, 'utf8'));
    people = parsed.people;
    for (const entry of parsed.skipped) onSkipped(entry);
  };
  refresh();
  return {
    all: () => {
      refresh();
      return people;
    },
    find: (pid) => {
      refresh();
      return people.find((person) => person.pid === pid) ?? madeUp(pid);
    },
  };
}

/** Reads `people.yaml`. Bad entries are named by line and left out; the others stand. */
export function parsePeople(text: string): { people: readonly Person[]; skipped: readonly SkippedEntry[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const skipped: SkippedEntry[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    problem: 'not readable as YAML',
  }));
  const people = new Map<string, Person>();
  if (skipped.length > 0 || !isSeq(document.contents)) return { people: [], skipped };
  for (const item of document.contents.items) {
    const line = isMap(item) && item.range ? lines.linePos(item.range[0]).line : 1;
    const result = readEntry(document, item);
    if (typeof result === 'string') skipped.push({ line, problem: result });
    else if (people.has(result.pid)) skipped.push({ line, problem: 'pid stands in an earlier entry' });
    else people.set(result.pid, result);
  }
  return { people: [...people.values()], skipped };
}

function readEntry(document: Document, item: unknown): ReturnType<typeof parsePerson> {
  try {
    return parsePerson(isMap(item) ? item.toJS(document) : item);
  } catch {
    return 'entry: holds more aliases than anyone needs';
  }
}

function madeUp(pid: string): Person | undefined {
  if (!isSyntheticPid(pid)) return undefined;
  return { pid, given: 'Synthetic', family: pid, locale: 'nb', eid: 'TestID' };
}

function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}
