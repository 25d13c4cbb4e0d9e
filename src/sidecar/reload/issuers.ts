import type { Fetch } from '../../oauth/fetch.ts';
import { createRemoteKeySet } from '../../oauth/jwks.ts';
import type { KeySet } from '../../oauth/jwks.ts';
import { createHeaderMemo } from '../../oauth/jws-header.ts';
import type { HeaderMemo } from '../../oauth/jws-header.ts';
import type { Clock } from '../../oauth/time.ts';
import { createEndpoints } from '../../oauth/token-endpoint/endpoints.ts';
import type { Endpoints } from '../../oauth/token-endpoint/endpoints.ts';
import type { Emit } from '../../observe/events.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import type { SidecarEvent } from '../events.ts';
import { keyEvents } from '../provider/key-events.ts';
import { watchProviderClock } from '../provider/provider-clock.ts';
import type { ProviderClock } from '../provider/provider-clock.ts';

/** What is known of an issuer whoever asks: nothing here belongs to a client. */
export interface Issuer {
  readonly endpoints: Endpoints;
  readonly keySet: KeySet;
  readonly headers: HeaderMemo;
  /** All that is asked of this issuer goes through it. */
  readonly clock: ProviderClock;
}

/** What issuers run on. */
export interface IssuerDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
}

/** How URLs of an issuer are judged; `rules` is the text this follows from, equal for equal judgements. */
export interface UrlRules {
  readonly rules: string;
  readonly isAllowedUrl: (url: string) => boolean;
}

/** Issuers that are known, each fetched once however many applications and configurations name it. */
export interface Issuers {
  /** The issuer of these settings, the one already known if there is one. Give it back with `release`. */
  take(settings: ProviderSettings, rules: UrlRules): Issuer;
  /** Nobody of ours names it any more; requests that began before may still use it. */
  release(issuer: Issuer): void;
  close(): void;
}

interface Shared<T> {
  readonly key: string;
  readonly value: T;
  users: number;
}

/** Issuers for one process. */
export function createIssuers(dependencies: IssuerDependencies): Issuers {
  const endpoints = new Map<string, Shared<Endpoints>>();
  const keySets = new Map<string, Shared<Pick<Issuer, 'keySet' | 'headers'>>>();
  const clocks = new Map<string, Shared<ProviderClock>>();
  const taken = new WeakMap<Issuer, () => void>();

  return {
    take(settings, { rules, isAllowedUrl }) {
      const { name, issuer, isIssuerDerived = false, endpoints: named } = settings;
      const { wellKnownUrl, jwksUri, tokenEndpoint } = named;
      const { now, emit } = dependencies;
      const clock = share(clocks, [issuer], () => watchProviderClock(name, dependencies));
      const { fetch } = clock.value;
      const who = [issuer, isIssuerDerived ? 'derived' : undefined, rules];
      const found = share(endpoints, [...who, wellKnownUrl, jwksUri, tokenEndpoint], () =>
        createEndpoints(isIssuerDerived ? { endpoints: named } : settings, { fetch, now, isAllowedUrl }),
      );
      const keys = share(keySets, [...who, jwksUri, jwksUri === undefined ? wellKnownUrl : undefined], () => ({
        headers: createHeaderMemo(),
        keySet: createRemoteKeySet({
          jwksUri: () => found.value.jwksUri(),
          fetch,
          now,
          isAllowedUrl,
          ...keyEvents(settings, emit),
        }),
      }));
      const known: Issuer = { endpoints: found.value, ...keys.value, clock: clock.value };
      taken.set(known, () => {
        leave(endpoints, found);
        leave(keySets, keys);
        leave(clocks, clock);
      });
      return known;
    },
    release(issuer) {
      taken.get(issuer)?.();
      taken.delete(issuer);
    },
    close() {
      for (const { value } of keySets.values()) value.keySet.close();
    },
  };
}

function share<T>(map: Map<string, Shared<T>>, parts: readonly (string | undefined)[], make: () => T): Shared<T> {
  const key = JSON.stringify(parts.map((part) => part ?? null));
  const known = map.get(key) ?? { key, value: make(), users: 0 };
  known.users += 1;
  map.set(key, known);
  return known;
}

/** What nobody uses is only forgotten, not ended: it has no timer, and requests that began before the change finish with it. */
function leave<T>(map: Map<string, Shared<T>>, shared: Shared<T>): void {
  shared.users -= 1;
  if (shared.users === 0) map.delete(shared.key);
}
