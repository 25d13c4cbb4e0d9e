/** Which providers an instance has: their names, kinds, and what their settings begin with. Pure. */
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { Environment } from '../../settings.ts';
import type { ClientGroup } from './client.ts';
import { variableOf } from './kinds.ts';

/** One provider as the list names it. */
export interface NamedProvider extends ClientGroup {
  readonly name: string;
  readonly kind: ProviderKindName;
}

/** The providers, the default first, and what is wrong with the list. */
export interface NamedProviders {
  readonly all: readonly [NamedProvider, ...NamedProvider[]];
  /** Variables that say the kind of a provider. */
  readonly kindVariables: readonly string[];
  readonly problems: readonly string[];
}

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** How the cookie of an ingress below a path ends. */
const PATH_MARK = /^[0-9a-f]{6}$/;

/** The kind of this name, `azure` included. */
export function kindNamed(name: string | undefined): ProviderKindName | undefined {
  if (name === 'azure' || name === 'entra') return 'entra';
  return name === 'idporten' || name === 'openid' ? name : undefined;
}

function readKind(name: string, env: Environment, problems: string[]): ProviderKindName {
  const own = kindNamed(name);
  if (own !== undefined) return own;
  const variable = variableOf(`provider.${name}.kind`);
  const said = env[variable]?.trim();
  const kind = kindNamed(said);
  if (kind !== undefined) return kind;
  problems.push(
    said === undefined || said === ''
      ? `${variable} is not set: ${name} is no kind of provider, so it has to say idporten, entra or openid`
      : `${variable} is not usable: expected idporten, entra or openid`,
  );
  return 'openid';
}

function judgeNames(names: readonly string[]): string[] {
  const variable = variableOf('provider');
  const problems: string[] = [];
  for (const [at, name] of names.entries()) {
    if (!NAME.test(name) || PATH_MARK.test(name))
      problems.push(
        `${variable}: ${name} cannot be a name: small letters, digits and dashes, not six hexadecimal ones`,
      );
    if (names.indexOf(name) !== at) problems.push(`${variable}: ${name} is there twice`);
  }
  return problems;
}

/** Reads the list; a provider of a kind that comes first in the list has that kind's platform variables. */
export function readProviderNames(env: Environment): NamedProviders {
  const text = env[variableOf('provider')]?.trim() || env['WONDERWALL_OPENID_PROVIDER']?.trim() || 'openid';
  const names = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => (one === 'azure' ? 'entra' : one));
  const problems = judgeNames(names);
  const kinds: ProviderKindName[] = [];
  const [first, ...others] = names.map((name, at): NamedProvider => {
    const kind = readKind(name, env, problems);
    const isFirstOfKind = !kinds.includes(kind);
    kinds.push(kind);
    return { name, kind, prefix: at === 0 ? 'openid' : `provider.${name}`, kinds: isFirstOfKind ? [kind] : [] };
  });
  return {
    all: [first ?? { name: 'openid', kind: 'openid', prefix: 'openid', kinds: ['openid'] }, ...others],
    kindVariables: names
      .filter((name) => kindNamed(name) === undefined)
      .map((name) => variableOf(`provider.${name}.kind`)),
    problems,
  };
}
