/** A part of a regular expression, enough of it to say what matches. */
type Node =
  | { readonly kind: 'atom'; readonly source: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'either'; readonly of: readonly Node[] }
  | { readonly kind: 'all'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number };

/** What to try on an expression: a start, what is repeated, and an end that spoils it. */
export interface Attack {
  readonly start: string;
  readonly pump: string;
  readonly end: string;
}

/** Those that most classes have come first. */
const CANDIDATES: readonly string[] = [
  ...Array.from('aA0_-./:=+@ "'),
  ...Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code)),
  '\u007f',
  'æ',
  '\u2028',
  '😀',
];
const ENDS: readonly string[] = ['', '\u0000', '!', ' ', '\n!', 'æ'];
/** From so many repetitions on it is worth to try. */
const MANY = 10;
const CHOICES = 3;

/** Texts on which an expression of this structure could go back and forth; many are harmless, and all have to be quick. */
export function attacksOn(source: string, flags: string): readonly Attack[] {
  const context = flags.replace(/[gy]/g, '');
  const tree = parse(source);
  const starts = new Set<string>(['']);
  const pumps = new Set<string>();
  for (let choice = 0; choice < CHOICES; choice += 1) {
    const say = (node: Node): string => sample(node, context, choice);
    const visit = (node: Node, before: string): void => {
      if (node.kind === 'either') for (const each of node.of) visit(each, before);
      if (node.kind === 'repeat') {
        if (node.most >= MANY) {
          starts.add(before);
          pumps.add(say(node.of));
          if (before !== '') pumps.add(before);
          for (const both of [before + say(node.of), say(node)]) pumps.add(both);
          if (node.of.kind === 'either') pumps.add(node.of.of.map(say).join(''));
        }
        visit(node.of, before);
      }
      if (node.kind !== 'all') return;
      let so = before;
      for (const each of node.of) {
        visit(each, so);
        so += say(each);
      }
    };
    visit(tree, '');
    pumps.add(say(tree));
  }
  pumps.delete('');
  return [...starts].flatMap((start) => [...pumps].flatMap((pump) => ENDS.map((end) => ({ start, pump, end }))));
}

/** Whether something that repeats holds something that repeats or chooses: only that can take exponential time. */
export function isNested(source: string): boolean {
  const holds = (node: Node, within: boolean): boolean => {
    if (node.kind === 'either') return within || node.of.some((each) => holds(each, within));
    if (node.kind === 'all') return node.of.some((each) => holds(each, within));
    if (node.kind !== 'repeat') return false;
    return (within && node.most > 1) || holds(node.of, within || node.most >= MANY);
  };
  return holds(parse(source), false);
}

function sample(node: Node, flags: string, choice: number): string {
  switch (node.kind) {
    case 'atom': {
      const one = new RegExp(`^(?:${node.source})$`, flags);
      const fitting = [...CANDIDATES, node.source].filter((each) => one.test(each));
      return fitting[choice % Math.max(1, fitting.length)] ?? '';
    }
    case 'nothing':
      return '';
    case 'either':
      return sample(node.of[choice % node.of.length] ?? { kind: 'nothing' }, flags, choice);
    case 'all':
      return node.of.map((each) => sample(each, flags, choice)).join('');
    case 'repeat':
      return sample(node.of, flags, choice).repeat(Math.min(20, Math.max(1, node.least)));
    default:
      return node satisfies never;
  }
}

function parse(source: string): Node {
  let at = 0;
  const either = (): Node => {
    const of = [all()];
    while (source[at] === '|') {
      at += 1;
      of.push(all());
    }
    return of.length === 1 ? (of[0] ?? { kind: 'nothing' }) : { kind: 'either', of };
  };
  const all = (): Node => {
    const of: Node[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') of.push(repeated(atom()));
    return { kind: 'all', of };
  };
  const atom = (): Node => {
    const from = at;
    const char = source[at] ?? '';
    if (char === '(') return group();
    if (char === '[') at = endOfClass(source, at);
    else if (char === '\\') at += escapeLength(source.slice(at, at + 40));
    else at += String.fromCodePoint(source.codePointAt(at) ?? 0).length;
    if (char === '^' || char === '$' || /^\\[bB1-9k]$/.test(source.slice(from, from + 2))) return { kind: 'nothing' };
    return { kind: 'atom', source: source.slice(from, at) };
  };
  const group = (): Node => {
    const [opening = '('] = /^\((?:\?(?:[:=!]|<[=!]|<\w+>|[a-z-]+:))?/.exec(source.slice(at)) ?? [];
    at += opening.length;
    const inner = either();
    at += 1;
    return /^\(\?<?[=!]/.test(opening) ? { kind: 'nothing' } : inner;
  };
  const repeated = (of: Node): Node => {
    const [text] = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(source.slice(at)) ?? [];
    if (text === undefined) return of;
    at += text.length;
    return { kind: 'repeat', of, ...bounds(text) };
  };
  return either();
}

function bounds(text: string): { readonly least: number; readonly most: number } {
  if (text.startsWith('?')) return { least: 0, most: 1 };
  if (text.startsWith('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (text.startsWith('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  const [, least = '0', more, most = ''] = /^\{(\d+)(,(\d*))?\}/.exec(text) ?? [];
  if (more === undefined) return { least: Number(least), most: Number(least) };
  return { least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) };
}

function endOfClass(source: string, from: number): number {
  let end = from + 1;
  while (end < source.length && source[end] !== ']') end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

function escapeLength(text: string): number {
  return (
    /^\\(?:u\{[\dA-Fa-f]+\}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|[pP]\{[^}]+\}|c[A-Za-z]|k<\w+>|\d+|[^])/.exec(text)?.[0]
      .length ?? 1
  );
}
