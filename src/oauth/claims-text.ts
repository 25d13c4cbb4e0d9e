const NAMES: ReadonlySet<string> = new Set(['active', 'error']);

/** Where the value that begins at `start` ends, in text that is known to be valid JSON. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (depth > 0 && (character === '}' || character === ']')) depth -= 1;
    else if (depth === 0 && (character === ',' || character === '}')) return at;
  }
  return text.length;
}

/** The members of the outermost object, each as it was written. */
function membersOf(text: string): readonly string[] {
  const members: string[] = [];
  let at = text.indexOf('{') + 1;
  while (at < text.length) {
    const end = endOfValue(text, at);
    const member = text.slice(at, end).trim();
    if (member !== '') members.push(member);
    at = end + 1;
  }
  return members;
}

function nameOf(member: string): unknown {
  return JSON.parse(member.slice(0, endOfName(member)));
}

function endOfName(member: string): number {
  for (let at = 1; at < member.length; at += 1) {
    if (member[at] === '\\') at += 1;
    else if (member[at] === '"') return at + 1;
  }
  return member.length;
}

/**
 * `{"active":true,` and the claims as their issuer wrote them, so that numbers beyond 2^53 survive; members named
 * `active` or `error` are left out, for they would change the verdict. The text has to be a valid JSON object.
 */
export function activeAnswer(claims: string): string {
  return withMembers(claims, ['"active":true'], NAMES);
}

/** An object with these members, as JSON text, and after them those it had, as they were written, but for those of these names. */
export function withMembers(object: string, first: readonly string[], without: ReadonlySet<string>): string {
  const kept = membersOf(object).filter((member) => {
    const name = nameOf(member);
    return typeof name !== 'string' || !without.has(name);
  });
  return `{${[...first, ...kept].join(',')}}`;
}
