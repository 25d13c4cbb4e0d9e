import { nearestName } from './nearest-name.ts';

/** Variables that may be set. */
interface Known {
  /** What the program's own variables begin with. */
  readonly prefix: string;
  /** All that are read, those without the prefix too. */
  readonly names: ReadonlySet<string>;
}

/** What Kubernetes sets in every pod beside a Service whose name begins as the program's does. */
const SERVICE_LINK =
  /(?:^|_)(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]{1,200})?|PORT(?:_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/** One sentence for each variable that begins with the prefix and is not read: which one was probably meant. Values are not looked at. */
export function unknownVariables(variables: Iterable<string>, { prefix, names }: Known): readonly string[] {
  const unknown = [...variables].filter((variable) => variable.startsWith(prefix) && !names.has(variable));
  if (unknown.length === 0) return [];
  // All begin alike: only what follows tells how near two of them are. One without the prefix may have been given it.
  const meant = new Map([...names].map((name) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, name]));
  return unknown.map((variable) => {
    const rest = variable.slice(prefix.length);
    const near = meant.get(nearestName(rest, meant.keys()) ?? withTheSameLetters(rest, meant.keys()) ?? '');
    return `${variable} is not a setting of this program${hintFor(rest, near)}`;
  });
}

function hintFor(rest: string, near: string | undefined): string {
  const service = ' (if a Service of Kubernetes is why it is there: enableServiceLinks: false)';
  const didYouMean = near === undefined ? '' : `; did you mean ${near}?`;
  return `${SERVICE_LINK.test(rest) ? service : ''}${didYouMean}`;
}

/** Words in another order, or run together. */
function withTheSameLetters(rest: string, names: Iterable<string>): string | undefined {
  const letters = lettersOf(rest);
  return [...names].find((name) => lettersOf(name) === letters);
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll('_', '').split('').toSorted().join('');
}
