import type { Clock } from '../oauth/time.ts';
import type { TokenCache } from '../oauth/tokens/token-cache.ts';
import type { Emit } from '../observe/events.ts';
import { PROVIDER_VARIABLES } from '../providers/provider-variables.ts';
import type { SidecarEvent } from './events.ts';
import type { KnownRequests } from './acquire/known-requests.ts';
import { Undecodable } from './wire/fields.ts';
import type { Provider } from './provider/provider.ts';
import type { KnownBodies } from './judge/known-bodies.ts';
import type { ResultCache } from './judge/result-cache.ts';

/** What the endpoints share. */
export interface SidecarContext {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly cache: TokenCache<string>;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  /** Requests that were good under this configuration. */
  readonly known: KnownRequests;
  readonly bodies: KnownBodies;
  readonly jsonOnly: boolean;
  readonly targets: readonly string[];
  readonly leewaySeconds: number;
  /** Absent where every token is judged anew. */
  readonly results: ResultCache | undefined;
  /** User tokens are judged before they are sent on. */
  readonly validateUserToken: boolean;
}

/** A provider that is on, or the text that says which variable switches it on. */
export type FoundProvider = { readonly provider: Provider } | { readonly off: string };

/** The provider of a name; undefined where no provider could have it. */
export function lookUpProvider(context: Pick<SidecarContext, 'providers'>, name: string): FoundProvider | undefined {
  const provider = context.providers.get(name);
  if (provider !== undefined) return { provider };
  const known = Object.entries(PROVIDER_VARIABLES).find(([candidate]) => candidate === name);
  if (known === undefined) return undefined;
  const [, { enabled }] = known;
  return { off: `identity provider ${name} is not enabled here; ${enabled}=true would enable it` };
}

/** The provider a request names. Throws Undecodable for no provider at all. */
export function findProvider(context: Pick<SidecarContext, 'providers'>, name: string): FoundProvider {
  const found = lookUpProvider(context, name);
  if (found !== undefined) return found;
  const known = Object.keys(PROVIDER_VARIABLES).join(', ');
  throw new Undecodable(`the field identity_provider has no known value: ${name.slice(0, 64)} (known: ${known})`);
}
