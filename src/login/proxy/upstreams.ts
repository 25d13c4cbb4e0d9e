/** Which application is behind which path. */
import type { Upstream } from '../../web/upstream.ts';
import { createUpstream } from '../../web/upstream.ts';
import type { LoginConfig, UpstreamRoute } from '../config.ts';
import type { CanonicalPath } from './path.ts';
import { isUnder, readingsOf } from './path.ts';

/** An application, and what tokens for it are exchanged to; without `audience` it gets the login token. */
export interface Destination {
  readonly origin: string;
  readonly upstream: Upstream;
  readonly audience: UpstreamRoute['audience'];
}

/** All applications, one pool of connections for each. */
export interface Upstreams {
  destinationOf(path: CanonicalPath): Destination;
  close(): Promise<void>;
}

/** The applications of a configuration: the longest path on a segment boundary decides, else it is the default one. */
export function createUpstreams(config: Pick<LoginConfig, 'upstream' | 'upstreams'>): Upstreams {
  const pools = new Map<string, Upstream>();
  const at = (url: string): Pick<Destination, 'origin' | 'upstream'> => {
    const { origin } = new URL(url);
    const upstream = pools.get(origin) ?? createUpstream(origin);
    pools.set(origin, upstream);
    return { origin, upstream };
  };
  const routes = config.upstreams
    .map(({ path, upstream, audience }) => ({ ...at(upstream), segments: segmentsOf(path), audience }))
    .toSorted((one, other) => other.segments.length - one.segments.length);
  const routeOf = (segments: readonly string[]): Destination | undefined => {
    for (const route of routes) if (isUnder({ segments }, route.segments)) return route;
    return undefined;
  };
  const otherwise: Destination = { ...at(config.upstream), audience: undefined };
  return {
    destinationOf(path) {
      if (!path.lax) return routeOf(path.segments) ?? otherwise;
      // The default application may be a gateway that reads the path in its own way: the login token is not for what it finds.
      const read = readingsOf(path).map(routeOf);
      return (
        read.find((route) => route?.audience !== undefined) ?? read.find((route) => route !== undefined) ?? otherwise
      );
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}
