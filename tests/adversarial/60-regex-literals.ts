import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A regular expression as it stands in a file. */
interface RegexLiteral {
  /** Where it is: file below the root of the project, and line. */
  readonly file: string;
  readonly line: number;
  readonly source: string;
  readonly flags: string;
}

/** What a file makes regular expressions of. */
interface Found {
  readonly literals: readonly RegexLiteral[];
  /** Lines with `RegExp(` in code: made of parts, and to be looked at by hand. */
  readonly made: readonly string[];
}

/** After these words or signs an expression begins, so that `/` is no division. */
const BEFORE_EXPRESSION = new Set([
  ...'return typeof case in of await yield void delete else do instanceof new'.split(' '),
  ...'([{,;=:?!&|+-*%<>~^'.split(''),
  '',
]);

/** Every regular expression in the TypeScript of a folder that is no test and no test world. */
export function regexesIn(root: string, folder: string): Found {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(?:test|d)\.ts$/.test(name) && !/(?:^|[/\\])testing[/\\]/.test(name))
    .map((name) => join(root, folder, name));
  const found = files.map((file) => regexesOf(readFileSync(file, 'utf8'), relative(root, file)));
  return { literals: found.flatMap(({ literals }) => literals), made: found.flatMap(({ made }) => made) };
}

/** Those of one text: a reader of tokens that knows comments, strings, templates and where an expression may begin. */
export function regexesOf(text: string, file = ''): Found {
  const literals: RegexLiteral[] = [];
  const made: string[] = [];
  /** Braces that are open; those of a template are marked. */
  const braces: boolean[] = [];
  // A file that is run by itself begins with the name of what runs it.
  let [at, last] = [text.startsWith('#!') ? endOf(text, '\n', 0) : 0, ''];
  const lineOf = (place: number): number => text.slice(0, place).split('\n').length;
  const template = (from: number): number => {
    let end = from;
    while (end < text.length && text[end] !== '`') {
      if (text[end] === '$' && text[end + 1] === '{') {
        braces.push(true);
        last = '{';
        return end + 2;
      }
      end += text[end] === '\\' ? 2 : 1;
    }
    last = 'x';
    return end + 1;
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char.trim() === '') at += 1;
    else if (text.startsWith('//', at)) at = endOf(text, '\n', at);
    else if (text.startsWith('/*', at)) at = endOf(text, '*/', at + 2) + 2;
    else if (char === "'" || char === '"') [at, last] = [quoted(text, at), 'x'];
    else if (char === '`') at = template(at + 1);
    else if (char === '/' && BEFORE_EXPRESSION.has(last)) {
      const end = endOfRegex(text, at);
      const flags = /^[a-z]*/.exec(text.slice(end + 1))?.[0] ?? '';
      literals.push({ file, line: lineOf(at), source: text.slice(at + 1, end), flags });
      [at, last] = [end + 1 + flags.length, 'x'];
    } else if (/[\w$]/.test(char)) {
      const [word = char] = /^[\w$]+/.exec(text.slice(at, at + 200)) ?? [];
      if (word === 'RegExp' && /^\s*\(/.test(text.slice(at + word.length, at + word.length + 10)))
        made.push(`${file}:${lineOf(at)}`);
      [at, last] = [at + word.length, word];
    } else {
      if (char === '{') braces.push(false);
      const ended = char === '}' && braces.pop() === true;
      [at, last] = [at + 1, char];
      if (ended) at = template(at);
    }
  }
  return { literals, made };
}

function endOf(text: string, what: string, from: number): number {
  const end = text.indexOf(what, from);
  return end === -1 ? text.length : end;
}

function quoted(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && text[end] !== text[from]) end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

function endOfRegex(text: string, from: number): number {
  let [end, inClass] = [from + 1, false];
  while (end < text.length && (inClass || text[end] !== '/')) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '[') inClass = true;
    else if (text[end] === ']') inClass = false;
    end += 1;
  }
  return end;
}
