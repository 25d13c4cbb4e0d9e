import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Pair } from 'yaml';
import type { SourcePosition } from '../../registry/model.ts';
import type { AddedClient } from './overlay.ts';
import { PERSONA_NAMES } from '../persona-names.ts';
import type { PersonaName } from '../persona-names.ts';
import { CLIENT_KINDS } from '../control/client-kinds.ts';
import { watchFile } from '../state/watched-file.ts';
import { nodeOf, offsetOf } from '../state/yaml-node.ts';
import { yamlProblem } from '../state/yaml-problem.ts';

/** An entry of the clients file that was left out, and why: the 1-based line and the path of the field, or of the entry that lacks it. */
export interface SkippedClient {
  readonly line: number;
  readonly path: string;
  readonly problem: string;
}

/** What a clients file holds. */
interface ParsedClients {
  readonly clients: readonly AddedClient[];
  readonly skipped: readonly SkippedClient[];
}

/** The setting names a clients file that is not there. Programs exit with 78 (EX_CONFIG). */
class ClientsFileMissing extends Error {
  readonly exitCode: number = 78;
  constructor(file: string) {
    super(`${file}: no clients file can be read there (FULLMAKT_IDP_CLIENTS_FILE)`);
    this.name = 'ClientsFileMissing';
  }
}

/** Who is told what the file says now, and what of it cannot be used. */
interface Receiver {
  readonly replace: (clients: readonly AddedClient[]) => void;
  readonly skipped: (entry: SkippedClient) => void;
}

/** Reads a clients file, and gives what reads it again when it has changed. Throws ClientsFileMissing. */
export function openClientsFile(file: string, { replace, skipped }: Receiver): () => void {
  const read = watchFile(file);
  const take = (text: string): void => {
    const parsed = parseClients(text, file);
    replace(parsed.clients);
    for (const entry of parsed.skipped) skipped(entry);
  };
  const first = read();
  if (first === undefined) throw new ClientsFileMissing(file);
  take(first);
  return () => {
    const text = read();
    if (text !== undefined) take(text);
  };
}

/** Where an entry stands. */
interface Entry {
  readonly document: Document;
  readonly node: unknown;
  readonly persona: PersonaName;
  readonly position: SourcePosition;
  readonly lineOf: (node: unknown) => number;
}

/** Reads lists of clients by persona, YAML or JSON. Bad entries are named by line and path and left out; the others stand. */
export function parseClients(text: string, file: string): ParsedClients {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const clients: AddedClient[] = [];
  const skipped: SkippedClient[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    path: '',
    problem: `not readable as YAML: ${yamlProblem(error)}`,
  }));
  if (skipped.length > 0 || document.contents === null) return { clients, skipped };
  if (!isMap(document.contents)) {
    return { clients, skipped: [{ line: 1, path: '', problem: 'not lists of clients by persona' }] };
  }
  for (const pair of document.contents.items) {
    const result = readList(document, pair, { file, lines });
    clients.push(...result.clients);
    skipped.push(...result.skipped);
  }
  return { clients, skipped };
}

function readList(
  document: Document,
  pair: Pair,
  { file, lines }: { readonly file: string; readonly lines: LineCounter },
): ParsedClients {
  const name = isScalar(pair.key) ? String(pair.key.value) : '';
  const lineOf = (node: unknown): number => lines.linePos(offsetOf(node)).line;
  const persona = PERSONA_NAMES.find((each) => each === name);
  if (persona === undefined || !isSeq(pair.value)) {
    const problem = persona === undefined ? `not one of ${PERSONA_NAMES.join(', ')}` : 'not a list';
    return { clients: [], skipped: [{ line: lineOf(pair.key), path: name, problem }] };
  }
  const clients = new Map<string, AddedClient>();
  const skipped: SkippedClient[] = [];
  for (const [index, node] of pair.value.items.entries()) {
    const path = `${name}.${index}`;
    const position = { file, line: lineOf(node), column: 1, path };
    const client = readEntry({ document, node, persona, position, lineOf }, (problem) => skipped.push(problem));
    if (client === undefined) continue;
    if (clients.has(client.id)) skipped.push({ line: position.line, path, problem: 'an earlier entry has its id' });
    else clients.set(client.id, client);
  }
  return { clients: [...clients.values()], skipped };
}

function readEntry(entry: Entry, skip: (entry: SkippedClient) => void): AddedClient | undefined {
  const { persona, position } = entry;
  const { line, path } = position;
  try {
    const kind = CLIENT_KINDS[persona];
    const value = valueOf(entry);
    if (!(kind.idName in value)) {
      skip({ line, path: `${path}.${kind.idName}`, problem: 'needed in a file, or it would be another one each time' });
      return undefined;
    }
    const read = kind.read(value, { persona, source: 'file', position });
    if (read.ok) return read.client;
    for (const problem of read.problems) {
      const at = entry.lineOf(nodeOf(entry.node, problem.path.split('.')));
      skip({ line: at, path: problem.path === '' ? path : `${path}.${problem.path}`, problem: problem.message });
    }
  } catch (error) {
    skip({
      line,
      path,
      problem: error instanceof EntryUnreadable ? error.message : 'holds more aliases than anyone needs',
    });
  }
  return undefined;
}

/** An entry whose own text is fine but not what it refers to. */
class EntryUnreadable extends Error {}

/** The entry as an object; `jwks_file`, relative to the file, becomes `jwks`. */
function valueOf({ document, node, position }: Entry): object {
  const value: unknown = isNode(node) ? node.toJS(document) : node;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new EntryUnreadable('not an object');
  if (!('jwks_file' in value)) return value;
  const { jwks_file: name, ...rest } = value;
  const keyFile = resolve(dirname(position.file), String(name));
  try {
    const text = readFileSync(keyFile, 'utf8');
    const jwks: unknown = JSON.parse(text);
    return { ...rest, jwks };
  } catch {
    throw new EntryUnreadable(`jwks_file: no key set can be read at ${keyFile}`);
  }
}
