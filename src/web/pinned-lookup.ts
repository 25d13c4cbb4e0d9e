import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';

/** An address, and its family: 4 or 6. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. Rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly Resolved[]>;

/** The resolver of the machine. */
export const resolveByMachine: Resolve = (host) => lookup(host, { all: true });

/** A host that may not be talked to, because of where it is. Nothing was sent. */
export class AddressRefused extends Error {
  override readonly name: string = 'AddressRefused';
  /** Tells it apart for whoever sees it as the cause of another error. */
  readonly code: string = 'ERR_ADDRESS_REFUSED';

  constructor(host: string) {
    super(`no address of ${host} may be connected to`);
  }
}

/**
 * What a socket asks for the addresses of a host: it resolves once, and the connection goes to one of exactly the addresses that
 * were checked, so a name that means another machine a moment later leads nowhere (DNS rebinding).
 */
export function pinnedLookup(resolve: Resolve, isAllowed: (address: string) => boolean): LookupFunction {
  const choose = async (host: string, family: unknown): Promise<readonly Resolved[]> => {
    const found = await resolve(host);
    const wanted = found.filter((each) => (family !== 4 && family !== 6) || each.family === family);
    const allowed = wanted.filter(({ address }) => isAllowed(address));
    if (allowed.length === 0) throw new AddressRefused(host);
    return allowed;
  };
  return (host, options, callback) => {
    const answer = async (): Promise<void> => {
      try {
        const allowed = await choose(host, options.family);
        const [first] = allowed;
        if (options.all === true) callback(null, [...allowed]);
        else if (first !== undefined) callback(null, first.address, first.family);
      } catch (error) {
        callback(error instanceof Error ? error : new AddressRefused(host), []);
      }
    };
    void answer();
  };
}
