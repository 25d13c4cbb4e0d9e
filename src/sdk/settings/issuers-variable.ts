import { isAlgorithm } from '../../oauth/algorithms.ts';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { IssuerConfig } from './options.ts';
import type { NonEmpty } from '../result.ts';

/** What `FULLMAKT_ISSUERS` says: generic issuers, and algorithms for the providers known by name. */
export interface IssuersVariable {
  readonly issuers: readonly IssuerConfig[];
  readonly algorithms: ReadonlyMap<string, NonEmpty<Algorithm>>;
  /** Generic issuers that are named and cannot be used, and what each of them lacks. */
  readonly halfSet: readonly { readonly provider: IssuerConfig['provider']; readonly missing: readonly string[] }[];
}

const BUILT_IN: ReadonlySet<string> = new Set(['entra_id', 'tokenx', 'idporten', 'maskinporten']);
const MEMBERS: ReadonlySet<string> = new Set([
  'issuer',
  'jwks_uri',
  'well_known_url',
  'audience',
  'no_audience',
  'required_scope',
  'algorithms',
  'kind',
]);
const NAME = /^[a-z][a-z0-9_]{0,31}$/;

type Entry = Readonly<Record<string, unknown>>;

/** Reads the variable (sidecar-sdk.md 4); problems are added to `findings`. */
export function readIssuersVariable(text: string | undefined, findings: string[]): IssuersVariable {
  const issuers: IssuerConfig[] = [];
  const algorithms = new Map<string, NonEmpty<Algorithm>>();
  const halfSet: IssuersVariable['halfSet'][number][] = [];
  for (const [name, entry] of entriesOf(text, findings)) {
    if (!NAME.test(name) || !isJsonObject(entry)) {
      findings.push(`FULLMAKT_ISSUERS: ${name} has to be a name [a-z][a-z0-9_]{0,31} with an object`);
      continue;
    }
    for (const member of Object.keys(entry).filter((each) => !MEMBERS.has(each))) {
      findings.push(`FULLMAKT_ISSUERS: ${name} has no member ${member}`);
    }
    const named = readAlgorithms(name, entry, findings);
    if (BUILT_IN.has(name)) {
      if (named !== undefined) algorithms.set(name, named);
      if (Object.keys(entry).some((key) => key !== 'algorithms')) {
        findings.push(`FULLMAKT_ISSUERS: ${name} is known by name and may set algorithms only`);
      }
      continue;
    }
    const missing: string[] = [];
    const issuer = readIssuer(name, entry, missing);
    findings.push(...missing);
    if (issuer === undefined) halfSet.push({ provider: `oidc:${name}`, missing });
    else issuers.push(named === undefined ? issuer : { ...issuer, algorithms: named });
  }
  return { issuers, algorithms, halfSet };
}

function entriesOf(text: string | undefined, findings: string[]): readonly (readonly [string, unknown])[] {
  if (text === undefined || text === '') return [];
  try {
    const value = parseStrictJson(text);
    if (isJsonObject(value)) return Object.entries(value);
  } catch {
    // Reported below, like any other value that is not an object.
  }
  findings.push('FULLMAKT_ISSUERS is not a JSON object of issuers by name');
  return [];
}

function nonEmpty<T>([first, ...rest]: readonly T[]): NonEmpty<T> | undefined {
  return first === undefined ? undefined : [first, ...rest];
}

function texts(value: unknown): NonEmpty<string> | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const found = list.filter((text): text is string => typeof text === 'string' && text !== '');
  return found.length === list.length ? nonEmpty(found) : undefined;
}

function readAlgorithms(name: string, entry: Entry, findings: string[]): NonEmpty<Algorithm> | undefined {
  if (entry['algorithms'] === undefined) return undefined;
  const listed: readonly string[] = texts(entry['algorithms']) ?? [];
  const found = listed.filter(isAlgorithm);
  if (found.length === 0 || found.length !== listed.length) {
    findings.push(`FULLMAKT_ISSUERS: ${name}.algorithms has to be a list of known algorithm names`);
  }
  return nonEmpty(found);
}

function readIssuer(name: string, entry: Entry, findings: string[]): IssuerConfig | undefined {
  const { issuer, jwks_uri: jwksUri, well_known_url: wellKnownUrl, kind } = entry;
  const keys =
    typeof jwksUri === 'string' ? { jwksUri } : typeof wellKnownUrl === 'string' ? { wellKnownUrl } : undefined;
  if (typeof issuer !== 'string' || keys === undefined) {
    findings.push(`FULLMAKT_ISSUERS: ${name} needs issuer, and jwks_uri or well_known_url`);
    return undefined;
  }
  const audience = readAudience(entry);
  if (audience === undefined) {
    findings.push(
      `FULLMAKT_ISSUERS: ${name} has no audience list (or, instead of it, no_audience with required_scope)`,
    );
    return undefined;
  }
  const config: IssuerConfig = { provider: `oidc:${name}`, issuer, keys, audience };
  if (kind === undefined) return config;
  if (kind === 'user' || kind === 'machine') return { ...config, kind };
  findings.push(`FULLMAKT_ISSUERS: ${name}.kind has to be user or machine`);
  return undefined;
}

/** A list and `no_audience` contradict each other, and the list must not be what gives way. */
function readAudience(entry: Entry): IssuerConfig['audience'] | undefined {
  const { audience, no_audience: none, required_scope: scope } = entry;
  if (none === undefined || none === false) return texts(audience);
  if (none !== true || audience !== undefined || typeof scope !== 'string') return undefined;
  return { audienceNotIssued: true, requiredScope: scope };
}
