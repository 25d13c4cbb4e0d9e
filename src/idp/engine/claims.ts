import { isJsonObject } from '../../oauth/objects.ts';
import { Refusal } from './refusal.ts';

/** How one claim was asked for (OpenID Connect Core 5.5.1). */
export interface WantedClaim {
  readonly essential: boolean;
  /** Values that would do; undefined = any. */
  readonly values: readonly unknown[] | undefined;
}

/** The `claims` parameter, read: what is wanted in which place, by claim. */
export interface WantedClaims {
  readonly userinfo: ReadonlyMap<string, WantedClaim>;
  readonly idToken: ReadonlyMap<string, WantedClaim>;
}

const NOTHING: WantedClaims = { userinfo: new Map(), idToken: new Map() };
const MAX_CLAIMS = 100;

/** Reads the `claims` parameter (OpenID Connect Core 5.5); members that nobody here knows are ignored. Throws `claims-malformed`. */
export function readWantedClaims(text: string | undefined): WantedClaims {
  if (text === undefined) return NOTHING;
  const value = parse(text);
  if (!isJsonObject(value)) throw new Refusal('claims-malformed', { parameter: 'claims' });
  return { userinfo: readPlace(value['userinfo']), idToken: readPlace(value['id_token']) };
}

function readPlace(value: unknown): ReadonlyMap<string, WantedClaim> {
  if (value === undefined || value === null) return new Map();
  if (!isJsonObject(value)) throw new Refusal('claims-malformed', { parameter: 'claims' });
  const entries = Object.entries(value);
  if (entries.length > MAX_CLAIMS) throw new Refusal('claims-malformed', { parameter: 'claims' });
  return new Map(entries.map(([name, wanted]) => [name, readWanted(wanted)]));
}

function readWanted(value: unknown): WantedClaim {
  if (value === null) return { essential: false, values: undefined };
  if (!isJsonObject(value)) throw new Refusal('claims-malformed', { parameter: 'claims' });
  const { essential = false, values, value: single } = value;
  const listed = values === undefined || Array.isArray(values);
  if (typeof essential !== 'boolean' || !listed) throw new Refusal('claims-malformed', { parameter: 'claims' });
  return { essential, values: single === undefined ? values : [single] };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
