import { issuerUrlProblem, parseLocalIssuers } from '../../oauth/local-issuers.ts';
import type { Options } from './options.ts';

type Env = NonNullable<Options['env']>;

/** The value of a variable; empty counts as missing. */
export function readVariable(env: Env, name: string | undefined): string | undefined {
  const text: unknown = name === undefined ? undefined : env[name];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** What is wrong with the URLs in these variables, where they are set. Each finding names its variable and not the value. */
export function refusedUrls(env: Env, names: readonly (string | undefined)[]): readonly string[] {
  const local = parseLocalIssuers(readVariable(env, 'FULLMAKT_ALLOW_LOCAL_PROVIDERS'));
  return names.flatMap((name) => {
    const url = readVariable(env, name);
    const problem = url === undefined ? undefined : issuerUrlProblem(url, local);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}
