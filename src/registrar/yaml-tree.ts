import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import type { Entry, Place, Tree } from './tree.ts';

/** One document of a file: its tree, or what is wrong with it as YAML. */
export type YamlDocument =
  | { readonly ok: true; readonly tree: Tree }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/** Something that no manifest may contain, at its place. */
interface YamlFault {
  readonly at: Place;
  readonly message: string;
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_DOCUMENT_CHARACTERS = 256 * 1024;
const MAX_DEPTH = 32;
const MAX_ALIASES = 50;
const MAX_NODES = 10_000;
const MAX_BRACKETS = 1000;
const MAX_DOCUMENTS = 1000;
const MAX_FAULTS = 100;
/** Keys are compared here, not by the parser, which compares each with every other. */
const PARSER = {
  prettyErrors: false,
  version: '1.2',
  schema: 'core',
  merge: false,
  uniqueKeys: false,
  logLevel: 'silent',
} as const;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const START: Place = { line: 1, column: 1 };

class Refused extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Reads YAML 1.2 (core schema) or JSON, strictly: no duplicate or merge keys, no tags, bounded in size, depth and aliases. Never throws. */
export function parseYaml(bytes: Uint8Array): readonly YamlDocument[] {
  if (bytes.length > MAX_FILE_BYTES) return [refused('the file is larger than 1 MiB')];
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return [refused('the file is not valid UTF-8')];
  }
  if (text.includes('\0')) return [refused('the file contains a NUL character')];
  if (bracketDepth(text) > MAX_BRACKETS) return [refused(`brackets are nested deeper than ${MAX_DEPTH}`)];
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, { ...PARSER, lineCounter: lines });
    if (documents.length > MAX_DOCUMENTS) return [refused(`more than ${MAX_DOCUMENTS} documents`)];
    return [...documents]
      .filter((document) => document.contents !== null || document.errors.length > 0)
      .map((document) => readDocument(document, lines));
  } catch (error) {
    return [refused(error instanceof RangeError ? `nested deeper than ${MAX_DEPTH}` : 'cannot be read as YAML')];
  }
}

function refused(message: string): YamlDocument {
  return { ok: false, faults: [{ at: START, message }] };
}

/** An upper bound of flow nesting, found without recursion, so that the parser is never asked to go too deep. */
function bracketDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if ((character === ']' || character === '}') && depth > 0) depth--;
  }
  return deepest;
}

function readDocument(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map((fault) => ({
    at: placeOf(lines, fault.pos[0]),
    message: firstLine(fault.message),
  }));
  if (faults.length > 0) return { ok: false, faults };
  const { range } = document;
  if (range[1] - range[0] > MAX_DOCUMENT_CHARACTERS) return refused('the document is larger than 256 KiB');
  try {
    return { ok: true, tree: createConverter(document, lines)(document.contents, 0) };
  } catch (error) {
    if (error instanceof Refused) {
      return { ok: false, faults: [{ at: placeOf(lines, error.offset), message: error.message }] };
    }
    throw error;
  }
}

function createConverter(document: Document, lines: LineCounter): (node: ParsedNode | null, depth: number) => Tree {
  let [nodes, aliases] = [0, 0];
  const convert = (node: ParsedNode | null, depth: number): Tree => {
    const offset = node?.range?.[0] ?? 0;
    const at = placeOf(lines, offset);
    if (++nodes > MAX_NODES) throw new Refused(`more than ${MAX_NODES} nodes`, offset);
    if (depth > MAX_DEPTH) throw new Refused(`nested deeper than ${MAX_DEPTH}`, offset);
    if (isAlias(node)) {
      if (++aliases > MAX_ALIASES) throw new Refused(`more than ${MAX_ALIASES} aliases`, offset);
      const target = node.resolve(document);
      // oxlint-disable-next-line typescript/consistent-type-assertions -- an anchor of a parsed document is on a parsed node
      return { ...convert((target ?? null) as ParsedNode | null, depth + 1), at };
    }
    if (node !== null && node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      throw new Refused(`the tag ${node.tag} is not supported`, offset);
    }
    if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => convert(item, depth + 1)) };
    if (!isMap(node)) return { kind: 'scalar', at, value: scalarValue(node, offset) };
    const entries: Entry[] = [];
    const names = new Set<string>();
    for (const { key, value } of node.items) {
      const keyOffset = key.range[0];
      const name = keyOf(key, keyOffset);
      if (name === undefined) return { kind: 'placeholder', at };
      if (names.has(name)) throw new Refused(`the key ${name} is there twice`, keyOffset);
      names.add(name);
      entries.push({ key: name, keyAt: placeOf(lines, keyOffset), value: convert(value, depth + 1) });
    }
    return { kind: 'map', at, entries };
  };
  return convert;
}

function keyOf(key: unknown, offset: number): string | undefined {
  if (!isScalar(key)) return undefined;
  const name = withoutNul(String(key.value), offset);
  if (name === '<<') throw new Refused('merge keys (<<) are not supported', offset);
  if (FORBIDDEN_KEYS.has(name)) throw new Refused(`the key ${name} is not allowed`, offset);
  return name;
}

function scalarValue(node: ParsedNode | null, offset: number): string | number | boolean | null {
  const value = isScalar(node) ? node.value : null;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  return withoutNul(typeof value === 'string' ? value : JSON.stringify(value), offset);
}

/** An escape can write what the file itself may not hold. */
function withoutNul(text: string, offset: number): string {
  if (text.includes('\0')) throw new Refused('a NUL character is not allowed', offset);
  return text;
}

function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}
