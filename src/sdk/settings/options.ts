import type { Algorithm } from '../../oauth/algorithms.ts';
import { parseLocalIssuers, issuerUrlProblem } from '../../oauth/local-issuers.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { POLICIES, policyFault } from '../../oauth/policy.ts';
import type { AnyAll } from '../guards/any-all.ts';
import type { SdkEvent } from '../events.ts';
import { checkFunctions } from './given-functions.ts';
import type { Provider } from '../principal.ts';
import type { NonEmpty } from '../result.ts';

/** The only way to leave `aud` unchecked: scope takes its place. */
export interface NoAudience {
  readonly audienceNotIssued: true;
  readonly requiredScope: AnyAll;
}

/** An issuer whose tokens are accepted. `kind` is for generic issuers; `algorithms` defaults to RS256. */
export interface IssuerConfig {
  readonly provider: Provider;
  readonly issuer: string;
  readonly keys: { readonly jwksUri: string } | { readonly wellKnownUrl: string } | { readonly jwks: object };
  readonly audience: NonEmpty<string> | NoAudience;
  readonly algorithms?: NonEmpty<Algorithm>;
  readonly kind?: 'user' | 'machine';
}

/** How tokens are judged and what the library may use. Everything has a safe default. */
export interface Options {
  /** `process.env` unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What providers are asked with: the global one unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** Seconds since the epoch. */
  readonly clock?: () => number;
  /** Absent: Maskinporten tokens are refused. */
  readonly maskinporten?: { readonly requiredScope: AnyAll };
  /** Leeway on `exp`, `nbf` and `iat` alike; 30, at most 120. */
  readonly leewaySeconds?: number;
  /** Longest `exp` - `iat`; 87 000. */
  readonly maxLifetimeSeconds?: number;
  /**
   * Remembers accepted tokens, so that one sent again is not verified again: 10,000 of them for 60 seconds unless told, at most 300.
   * Off unless asked for: a key the issuer took back may be believed for that much longer only where that was chosen.
   */
  readonly verifiedCache?: false | { readonly maxEntries?: number; readonly maxAgeSeconds?: number };
  /** Reasons in responses; ignored if `NODE_ENV` is `production`. */
  readonly explain?: boolean;
  /** The module `@opentelemetry/api` of the application: spans with `trace`, metrics with `metrics`. */
  readonly telemetry?: { readonly trace?: object; readonly metrics?: object };
  /** Hears of each verdict, token and key set. What it throws, or rejects with, is dropped. */
  readonly onEvent?: (event: SdkEvent) => void;
}

/** Checked numbers of `Options`. */
export interface CheckedOptions {
  readonly leewaySeconds: number;
  readonly maxLifetimeSeconds: number;
  /** Undefined: nothing is remembered. */
  readonly verifiedCache: { readonly maxEntries: number; readonly maxAgeSeconds: number } | undefined;
}

const { sdk: PRESET } = POLICIES;

/** Checks the numbers as strictly as a token's; what is wrong is added to `findings`. */
export function readPolicy(options: Options, findings: string[]): CheckedOptions {
  const { leewaySeconds = PRESET.leewaySeconds, maxLifetimeSeconds = PRESET.maxLifetimeSeconds } = options;
  judge('leewaySeconds', policyFault('leewaySeconds', leewaySeconds), findings);
  judge('maxLifetimeSeconds', policyFault('maxLifetimeSeconds', maxLifetimeSeconds), findings);
  checkFunctions(options, findings);
  return { leewaySeconds, maxLifetimeSeconds, verifiedCache: readVerifiedCache(options.verifiedCache, findings) };
}

function judge(name: string, fault: string | undefined, findings: string[]): void {
  if (fault !== undefined) findings.push(`${name} ${fault}`);
}

/** Callers without types are caught here too: `true` or a misspelt member must not pass for a choice. */
function readVerifiedCache(given: unknown, findings: string[]): CheckedOptions['verifiedCache'] {
  if (given === undefined || given === false) return undefined;
  if (!isJsonObject(given)) {
    findings.push('verifiedCache has to be false or an object');
    return undefined;
  }
  const { maxEntries = PRESET.verifiedEntries, maxAgeSeconds = PRESET.verifiedAgeSeconds, ...others } = given;
  for (const name of Object.keys(others)) findings.push(`verifiedCache has no member ${name}`);
  judge('verifiedCache.maxEntries', policyFault('verifiedEntries', maxEntries), findings);
  judge('verifiedCache.maxAgeSeconds', policyFault('verifiedAgeSeconds', maxAgeSeconds), findings);
  return typeof maxEntries === 'number' && typeof maxAgeSeconds === 'number'
    ? { maxEntries, maxAgeSeconds }
    : undefined;
}

/** Why an issuer's URLs are refused, in the words of findings, which do not quote them: https unless local providers are allowed. */
export function checkIssuerUrls(
  { issuer, keys }: IssuerConfig,
  env: NonNullable<Options['env']>,
  label: string,
): readonly string[] {
  const local = parseLocalIssuers(env['FULLMAKT_ALLOW_LOCAL_PROVIDERS']);
  const urls: [what: string, url: string][] = [['its issuer', issuer]];
  if (typeof keys === 'object' && keys !== null) {
    if ('jwksUri' in keys) urls.push(['the URL of its keys', keys.jwksUri]);
    if ('wellKnownUrl' in keys) urls.push(['its well-known URL', keys.wellKnownUrl]);
  }
  return urls.flatMap(([what, url]) => {
    // Compared with a token's text: what a URL object makes of it is another.
    if (url !== undefined && typeof url !== 'string') return [`${label}: ${what} has to be a text`];
    const problem = issuerUrlProblem(url, local);
    return problem === undefined ? [] : [`${label}: ${what} ${problem}`];
  });
}
