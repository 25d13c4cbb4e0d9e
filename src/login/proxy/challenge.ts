/** An application's own demand for a stronger or younger sign-in, as its `WWW-Authenticate` says it (RFC 9470). Pure. */

/** What the application asks for. */
export interface Challenge {
  /** In its order of preference. */
  readonly levels: readonly string[];
  /** Undefined where it asks for no age. */
  readonly maxAgeSeconds: number | undefined;
}

const MAX_CHARACTERS = 4096;
const MAX_AGE = /^\d{1,9}$/;
/** What stands between commas, quoted ones excepted. */
const ELEMENTS = /(?:[^",]|"(?:[^"\\]|\\.)*")+/g;
/** `name=value`, after the scheme if it is the scheme's first (RFC 9110 11.6.1). */
const PARAMETER =
  /^(?:([\w!#$%&'*+.^`|~-]+)[ \t]+)?([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"(.*)"|([\w!#$%&'*+.^`|~-]+))$/s;
const SCHEMES: ReadonlySet<string> = new Set(['bearer', 'dpop']);

/** The parameters of each challenge with a scheme that carries tokens; a parameter said twice makes a challenge unreadable. */
function readChallenges(header: string): readonly ReadonlyMap<string, string>[] {
  const challenges: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  const begin = (scheme: string): void => {
    current = SCHEMES.has(scheme.toLowerCase()) ? new Map() : undefined;
    if (current !== undefined) challenges.push(current);
  };
  for (const [element] of header.matchAll(ELEMENTS)) {
    const text = element.trim();
    const parameter = PARAMETER.exec(text);
    if (parameter === null) {
      if (text !== '') begin(text.split(/[ \t]/)[0] ?? '');
      continue;
    }
    const [, scheme, name = '', quoted, bare] = parameter;
    if (scheme !== undefined) begin(scheme);
    const key = name.toLowerCase();
    if (current?.has(key) === true) current.set('error', 'unreadable');
    else current?.set(key, bare ?? quoted?.replaceAll(/\\(.)/gs, '$1') ?? '');
  }
  return challenges;
}

/** The first readable demand among these `WWW-Authenticate` values; undefined when there is none. */
export function readChallenge(values: readonly string[]): Challenge | undefined {
  const header = values.join(', ');
  if (header.length > MAX_CHARACTERS) return undefined;
  const demand = readChallenges(header).find((one) => one.get('error') === 'insufficient_user_authentication');
  if (demand === undefined) return undefined;
  const maxAge = demand.get('max_age');
  if (maxAge !== undefined && !MAX_AGE.test(maxAge)) return undefined;
  return {
    levels: (demand.get('acr_values') ?? '').split(' ').filter((level) => level !== ''),
    maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
  };
}
