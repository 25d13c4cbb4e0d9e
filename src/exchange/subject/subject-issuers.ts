import { isDeepStrictEqual } from 'node:util';
import type { Fetch } from '../../oauth/fetch.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { Registry } from '../../registry/contract.ts';
import type { IssuerRow } from '../../registry/issuer-row.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { TokenAlgorithm } from '../config.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { issuerOfRow } from './issuer-rows.ts';
import { openPeer } from './peer.ts';
import type { Peer } from './peer.ts';
import { resolveIssuer } from './trusted-issuer.ts';
import type { IssuerRules } from './trusted-issuer.ts';

/** An issuer whose tokens are taken: another one, or ourselves one hop earlier. */
export interface SubjectIssuer {
  readonly issuer: string;
  readonly own: boolean;
  readonly rules: IssuerRules;
  /** Throws JoseError `keys_unavailable`. */
  keysFor(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]>;
}

/** All issuers of subject tokens. */
export interface SubjectIssuers {
  /** By exact `iss`; `starting` = it may be one whose name its metadata has not told us yet. */
  find(issuer: string): SubjectIssuer | 'starting' | undefined;
  close(): void;
}

/** What the issuers are made of. */
export interface SubjectIssuerOptions {
  /** Its issuer rows are the trusted issuers, as they are at each moment. */
  readonly registry: Pick<Registry, 'snapshot' | 'onChange'>;
  readonly ownIssuer: string;
  readonly ownKeys: () => readonly VerificationKey[];
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<ExchangeEvent>;
}

/** How often it is looked whether a key set is due; a fraction of the shortest life of one. */
const TEND_MILLISECONDS = 5000;
const OWN_ALGORITHMS: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'PS256'];

/** Opens the key sets of the trusted issuers in the background: one that is down stops nothing but its own tokens. A row that appears, changes or goes is followed at once. */
export function createSubjectIssuers(options: SubjectIssuerOptions): SubjectIssuers {
  const { registry } = options;
  const own = ownIssuer(options);
  const trusted = followTrusted(options);
  const unsubscribe = registry.onChange(trusted.peers);
  const timer = setInterval(() => {
    for (const peer of trusted.peers(registry.snapshot())) peer.tend();
  }, TEND_MILLISECONDS).unref();
  trusted.peers(registry.snapshot());
  return {
    find(issuer) {
      if (issuer === own.issuer) return own;
      const peers = trusted.peers(registry.snapshot());
      const peer = peers.find((each) => each.issuer() === issuer);
      if (peer !== undefined) return peerIssuer(issuer, peer);
      const starting = peers.find((each) => each.issuer() === undefined && each.prefix === withoutSlash(issuer));
      starting?.tend();
      return starting === undefined ? undefined : 'starting';
    },
    close() {
      clearInterval(timer);
      unsubscribe();
      trusted.close();
    },
  };
}

/** The peers of a snapshot. One whose settings stay keeps the keys it has. */
function followTrusted(options: SubjectIssuerOptions): {
  readonly peers: (snapshot: Snapshot) => readonly Peer[];
  readonly close: () => void;
} {
  let seen: Snapshot | undefined;
  let open = new Map<string, { readonly row: IssuerRow; readonly peer: Peer }>();
  const opened = (row: IssuerRow): Peer | undefined => {
    const issuer = issuerOfRow(row);
    if (issuer === undefined) return undefined;
    const peer = openPeer(issuer, options);
    if (peer.rules.bind === 'any')
      options.emit({ event: 'exchange.issuer_bind_any', issuer: peer.rules.name, here: 1 });
    peer.tend();
    return peer;
  };
  const closeAllBut = (kept: ReadonlySet<Peer>): void => {
    for (const { peer } of open.values()) if (!kept.has(peer)) peer.keys.close();
  };
  return {
    peers(snapshot) {
      if (snapshot === seen) return [...open.values()].map(({ peer }) => peer);
      seen = snapshot;
      const next: typeof open = new Map();
      for (const row of snapshot.issuers()) {
        if (row.state !== 'active') continue;
        const before = open.get(row.name);
        const peer = isDeepStrictEqual(before?.row, row) ? before?.peer : opened(row);
        if (peer !== undefined) next.set(row.name, { row, peer });
      }
      for (const issuer of open.keys()) {
        if (takesAny(open, issuer) && !takesAny(next, issuer)) {
          options.emit({ event: 'exchange.issuer_bind_any_over', issuer, here: 0 });
        }
      }
      closeAllBut(new Set([...next.values()].map(({ peer }) => peer)));
      open = next;
      return [...open.values()].map(({ peer }) => peer);
    },
    close: () => closeAllBut(new Set()),
  };
}

function takesAny(open: ReadonlyMap<string, { readonly peer: Peer }>, issuer: string): boolean {
  return open.get(issuer)?.peer.rules.bind === 'any';
}

function peerIssuer(issuer: string, { rules, keys }: Peer): SubjectIssuer {
  return { issuer, own: false, rules, keysFor: (kid, algorithm) => keys.keysFor(kid, algorithm) };
}

function ownIssuer({ ownIssuer: issuer, ownKeys }: SubjectIssuerOptions): SubjectIssuer {
  const rules = resolveIssuer({ name: 'tokenx', issuer, bind: 'any', algs: OWN_ALGORITHMS, scopeLimit: true });
  return {
    issuer,
    own: true,
    rules,
    keysFor: async (kid) => ownKeys().filter((key) => kid === undefined || key.kid === kid),
  };
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
