import { join } from 'node:path';
import { ensurePrivateCa } from '../idp/keys/ca.ts';
import type { Fetch } from '../oauth/fetch.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';

/** The longest that any caller waits: a refresh, whose one-time token a cut answer would waste. The others bound themselves. */
const REFRESH_SECONDS = 20;

/** The private CA of a state folder, and a fetch that believes it. */
export interface Trust {
  readonly caFile: string;
  /** Settles when the files are there; rejects when they cannot be made or read. */
  readonly made: Promise<unknown>;
  readonly fetch: Fetch;
  close(): Promise<void>;
}

/** Makes the CA at a first start, beside everything else; who needs it waits for `made`. `now` is seconds since the epoch. */
export function openTrust(stateDir: string, now: number): Trust {
  const made = ensurePrivateCa(stateDir, now);
  const outbound = made.then(({ caPem }) => createOutboundFetch({ ca: caPem, totalSeconds: REFRESH_SECONDS }));
  // Whoever awaits it hears of a failure; without this, one that nobody awaits yet would end the process.
  outbound.catch(() => {});
  return {
    caFile: join(stateDir, 'ca.pem'),
    made,
    fetch: async (url, init) => (await outbound).fetch(url, init),
    close: async () => {
      const opened = await outbound.catch(() => undefined);
      await opened?.close();
    },
  };
}
