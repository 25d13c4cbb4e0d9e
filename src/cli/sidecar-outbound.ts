import type { Fetch } from '../oauth/fetch.ts';
import type { CallLimits } from '../sidecar/server-config.ts';
import type { SidecarServerConfig } from '../sidecar/server-config.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import type { OutboundFetch } from '../web/outbound-fetch.ts';

/** The way out of a sidecar. */
interface SidecarOutbound {
  readonly fetch: Fetch;
  close(): Promise<void>;
}

/** As many requests may wait for providers as are answered at one time; of a daemon, those of a good many applications. */
const CONNECTIONS = { alone: 1000, daemon: 4000 } as const;

/** Calls to providers: those that ask for tokens have less time than those for keys and metadata. */
export function openSidecarOutbound(
  limits: CallLimits,
  { httpsProxy, noProxy }: SidecarServerConfig,
  who: keyof typeof CONNECTIONS,
): SidecarOutbound {
  const proxy = httpsProxy === undefined ? undefined : { url: httpsProxy, except: noProxy };
  const open = ({ connect, read, overall }: CallLimits['tokens']): OutboundFetch =>
    createOutboundFetch({
      connectSeconds: connect / 1000,
      readSeconds: read / 1000,
      totalSeconds: overall / 1000,
      connections: CONNECTIONS[who],
      idleConnections: limits.poolMaxIdle,
      isLight: true,
      proxy,
    });
  const [tokens, documents] = [open(limits.tokens), open(limits.documents)];
  return {
    fetch: (url, init) => (init?.method === 'POST' ? tokens : documents).fetch(url, init),
    async close() {
      await Promise.all([tokens.close(), documents.close()]);
    },
  };
}
