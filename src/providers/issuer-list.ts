import { ALL_ALGORITHMS, isAlgorithm } from '../oauth/algorithms.ts';
import type { Algorithm } from '../oauth/algorithms.ts';
import { isJsonObject } from '../oauth/objects.ts';
import { POLICIES } from '../oauth/policy.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import { issuerUrlProblem } from '../oauth/local-issuers.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { PROVIDER_VARIABLES } from './provider-variables.ts';

/** What `FULLMAKT_ISSUERS` adds: issuers of its own, and algorithms for providers known by name. */
export interface IssuerList {
  readonly issuers: readonly ProviderSettings[];
  readonly algorithms: ReadonlyMap<string, readonly Algorithm[]>;
}

interface Findings {
  readonly local: LocalIssuers;
  readonly problems: string[];
}

const NAME = /^[a-z][a-z0-9_]{0,31}$/;

type Entry = Readonly<Record<string, unknown>>;

function texts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const found = value.filter((text): text is string => typeof text === 'string' && text !== '');
  return found.length === value.length ? found : undefined;
}

/** Reads the JSON of `FULLMAKT_ISSUERS` (sidecar-sdk.md 4); problems are added to the given list. */
export function readIssuerList(text: string | undefined, findings: Findings): IssuerList {
  const issuers: ProviderSettings[] = [];
  const algorithms = new Map<string, readonly Algorithm[]>();
  for (const [name, entry] of entriesOf(text, findings)) {
    const where = `FULLMAKT_ISSUERS: ${name}`;
    if (!NAME.test(name) || !isJsonObject(entry)) {
      findings.problems.push(`${where} has to be a name [a-z][a-z0-9_]{0,31} with an object`);
      continue;
    }
    const allowed = readAlgorithms(entry, where, findings);
    if (name === 'azuread') {
      findings.problems.push(`${where} is another name of entra_id`);
      continue;
    }
    if (Object.hasOwn(PROVIDER_VARIABLES, name)) {
      if (Object.keys(entry).some((key) => key !== 'algorithms')) {
        findings.problems.push(`${where} is known by name and may set algorithms only`);
      }
      if (entry['algorithms'] !== undefined) algorithms.set(name, allowed);
      continue;
    }
    const issuer = readIssuer(name, entry, allowed, findings);
    if (issuer !== undefined) issuers.push(issuer);
  }
  return { issuers, algorithms };
}

function entriesOf(text: string | undefined, findings: Findings): readonly (readonly [string, unknown])[] {
  if (text === undefined || text === '') return [];
  try {
    const value = parseStrictJson(text);
    if (isJsonObject(value)) return Object.entries(value);
  } catch {
    // Reported below, like any other value that is not an object.
  }
  findings.problems.push('FULLMAKT_ISSUERS is not a JSON object of issuers by name');
  return [];
}

function readAlgorithms(entry: Entry, where: string, findings: Findings): readonly Algorithm[] {
  const listed = entry['algorithms'];
  if (listed === undefined) return POLICIES.sdk.algorithms;
  const found = texts(listed)?.filter(isAlgorithm) ?? [];
  if (!Array.isArray(listed) || found.length === 0 || found.length !== listed.length) {
    findings.problems.push(`${where}.algorithms has to be a list of ${ALL_ALGORITHMS.join(', ')}`);
  }
  return found;
}

function readIssuer(
  name: string,
  entry: Entry,
  algorithms: readonly Algorithm[],
  findings: Findings,
): ProviderSettings | undefined {
  const where = `FULLMAKT_ISSUERS: ${name}`;
  const { issuer, jwks_uri: jwksUri, well_known_url: wellKnownUrl } = entry;
  const audience = readAudience(entry, where, findings);
  const keys = jwksUri ?? wellKnownUrl;
  if (entry['kind'] !== undefined && entry['kind'] !== 'user' && entry['kind'] !== 'machine') {
    findings.problems.push(`${where}.kind has to be user or machine`);
  }
  if (typeof issuer !== 'string' || issuer === '' || typeof keys !== 'string') {
    findings.problems.push(`${where} needs issuer, and jwks_uri or well_known_url`);
    return undefined;
  }
  // Where a URL may not be used it may hold a password: the field is named, never what it says.
  for (const { field, url } of [
    { field: 'issuer', url: issuer },
    { field: typeof jwksUri === 'string' ? 'jwks_uri' : 'well_known_url', url: keys },
  ]) {
    const problem = issuerUrlProblem(url, findings.local);
    if (problem !== undefined) findings.problems.push(`${where}.${field} ${problem}`);
  }
  const endpoints = typeof jwksUri === 'string' ? { jwksUri } : { wellKnownUrl: keys };
  return { name, issuer, endpoints, audience, algorithms, client: undefined };
}

/** A list and `no_audience` contradict each other, and the list must not be what gives way. */
function readAudience(entry: Entry, where: string, findings: Findings): readonly string[] | undefined {
  const { audience, no_audience: none, required_scope: scope } = entry;
  if (none === undefined || none === false) {
    const listed = texts(audience);
    if (listed === undefined) {
      findings.problems.push(`${where} has no audience list (or, instead of it, no_audience with required_scope)`);
    }
    return listed;
  }
  if (none !== true) findings.problems.push(`${where}.no_audience has to be true or false`);
  if (audience !== undefined) findings.problems.push(`${where} has both an audience list and no_audience`);
  if (typeof scope !== 'string') findings.problems.push(`${where}.required_scope is missing, which no_audience needs`);
  return undefined;
}
