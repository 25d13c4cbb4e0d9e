import type { Fetch } from '../oauth/fetch.ts';
import type { VerificationKey } from '../oauth/jwk.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { TokenAlgorithm } from './config.ts';
import type { ExchangeEvent } from './events.ts';
import { openPeer } from './peer.ts';
import type { Peer } from './peer.ts';
import { resolveIssuer } from './trusted-issuer.ts';
import type { IssuerRules, TrustedIssuer } from './trusted-issuer.ts';

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
  /** Header types any of them uses. */
  readonly types: readonly string[];
  close(): void;
}

/** What the issuers are made of. */
export interface SubjectIssuerOptions {
  readonly rows: readonly TrustedIssuer[];
  readonly ownIssuer: string;
  readonly ownKeys: () => readonly VerificationKey[];
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<ExchangeEvent>;
}

/** How often it is looked whether a key set is due; a fraction of the shortest life of one. */
const TEND_MILLISECONDS = 5000;
const OWN_ALGORITHMS: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'PS256'];

/** Opens the key sets of the trusted issuers in the background: one that is down stops nothing but its own tokens. */
export function createSubjectIssuers(options: SubjectIssuerOptions): SubjectIssuers {
  const own = ownIssuer(options);
  const peers = options.rows.filter((row) => row.disabled !== true).map((row) => openPeer(row, options));
  for (const peer of peers) {
    if (peer.rules.bind === 'any') options.emit({ event: 'exchange.issuer_bind_any', issuer: peer.rules.name });
    peer.tend();
  }
  const timer = setInterval(() => {
    for (const peer of peers) peer.tend();
  }, TEND_MILLISECONDS).unref();
  return {
    find(issuer) {
      if (issuer === own.issuer) return own;
      const peer = peers.find((each) => each.issuer() === issuer);
      if (peer !== undefined) return peerIssuer(issuer, peer);
      const starting = peers.find((each) => each.issuer() === undefined && each.prefix === withoutSlash(issuer));
      starting?.tend();
      return starting === undefined ? undefined : 'starting';
    },
    types: [...new Set([own.rules, ...peers.map((peer) => peer.rules)].flatMap((rules) => rules.typ))],
    close() {
      clearInterval(timer);
      for (const peer of peers) peer.keys.close();
    },
  };
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
