const BACKSLASH = '\\';

/**
 * Whether a member name of this JSON text (RFC 8259) is written with an escape. JSON.parse takes such a name for one that it met in
 * the same place of an earlier text, if that is how the written one begins (nodejs/node#63785, Node 24 and 26): whoever sends one text
 * could choose a name in the next.
 */
export function hasEscapedName(json: string): boolean {
  for (let at = 0; at < json.length; at += 1) {
    if (json[at] !== '"') continue;
    const end = endOfString(json, at);
    const isName = json[skipSpace(json, end)] === ':';
    if (isName && json.slice(at, end).includes(BACKSLASH)) return true;
    at = end - 1;
  }
  return false;
}

/** What a text says that JSON.parse has found to be valid, name by name. The last of two members with one name stays. */
export function readNames(json: string): unknown {
  let at = 0;

  function token(end: number): unknown {
    const text = json.slice(at, end);
    at = end;
    return JSON.parse(text);
  }

  /** What stands between two brackets, each read by `item`, and the place after them. */
  function items<T>(item: () => T): readonly T[] {
    const all: T[] = [];
    at = skipSpace(json, at + 1);
    while (json[at] !== '}' && json[at] !== ']') {
      all.push(item());
      at = skipSpace(json, at);
      if (json[at] === ',') at = skipSpace(json, at + 1);
    }
    at += 1;
    return all;
  }

  function member(): readonly [name: string, value: unknown] {
    const name = String(token(endOfString(json, at)));
    // Behind the colon.
    at = skipSpace(json, at) + 1;
    return [name, value()];
  }

  function value(): unknown {
    at = skipSpace(json, at);
    if (json[at] === '{') return Object.fromEntries(items(member));
    if (json[at] === '[') return items(value);
    return token(json[at] === '"' ? endOfString(json, at) : endOfWord(json, at));
  }

  return value();
}

/** The place after the string that begins here. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** The place after the number or the literal that begins here. */
function endOfWord(json: string, start: number): number {
  let at = start;
  while (at < json.length && !',]} \t\n\r'.includes(json[at] ?? '')) at += 1;
  return at;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (at < json.length && ' \t\n\r'.includes(json[at] ?? '')) at += 1;
  return at;
}
