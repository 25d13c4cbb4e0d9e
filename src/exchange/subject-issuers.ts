import type { Fetch } from '../oauth/fetch.ts';
import type { VerificationKey } from '../oauth/jwk.ts';
import { createRemoteKeySet, createStaticKeySet } from '../oauth/jwks.ts';
import type { KeySet } from '../oauth/jwks.ts';
import { issuerUrlProblem } from '../oauth/local-issuers.ts';
import { fetchMetadata } from '../oauth/metadata.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { TokenAlgorithm } from './config.ts';
import type { ExchangeEvent } from './events.ts';
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

interface Peer {
  readonly rules: IssuerRules;
  readonly keys: KeySet;
  /** What `iss` looks like where only the metadata knows it: the address without its well-known suffix. */
  readonly prefix: string | undefined;
  issuer(): string | undefined;
}

const OWN_ALGORITHMS: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'PS256'];

/** Opens the key sets of the trusted issuers in the background: one that is down stops nothing but its own tokens. */
export function createSubjectIssuers(options: SubjectIssuerOptions): SubjectIssuers {
  const own = ownIssuer(options);
  const peers = options.rows.filter((row) => row.disabled !== true).map((row) => openPeer(row, options));
  for (const peer of peers) {
    if (peer.rules.bind === 'any') options.emit({ event: 'exchange.issuer_bind_any', issuer: peer.rules.name });
    void peer.keys.ready();
  }
  return {
    find(issuer) {
      if (issuer === own.issuer) return own;
      const peer = peers.find((each) => each.issuer() === issuer);
      if (peer !== undefined) return peerIssuer(issuer, peer);
      const starting = peers.some((each) => each.issuer() === undefined && each.prefix === withoutSlash(issuer));
      return starting ? 'starting' : undefined;
    },
    types: [...new Set([own.rules, ...peers.map((peer) => peer.rules)].flatMap((rules) => rules.typ))],
    close() {
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

function openPeer(row: TrustedIssuer, options: SubjectIssuerOptions): Peer {
  const { fetch, now, emit } = options;
  const rules = resolveIssuer(row);
  let learned = row.issuer;
  const discover = async (): Promise<string> => {
    const wellKnown = row.wellKnown ?? '';
    const metadata = await fetchMetadata(wellKnown, {
      fetch,
      ...(isRemote(wellKnown) ? { isAllowedUrl: isRemote } : {}),
      ...(row.issuer === undefined ? {} : { expectedIssuer: row.issuer }),
    });
    if (metadata.jwks_uri === undefined) throw new Error('the metadata has no jwks_uri');
    learned = metadata.issuer;
    return metadata.jwks_uri;
  };
  const onEvent = (event: { readonly event: string }): void => {
    if (event.event === 'jwks.key_skipped') return;
    emit({ event: 'exchange.jwks', issuer: rules.name, result: event.event === 'jwks.fetched' ? 'fetched' : 'failed' });
  };
  const keys =
    row.jwks === undefined
      ? createRemoteKeySet({ jwksUri: row.jwksUri ?? discover, fetch, now, onEvent })
      : createStaticKeySet(row.jwks.keys);
  const prefix = row.wellKnown === undefined ? undefined : withoutSlash(row.wellKnown.replace(/\.well-known\/.*$/, ''));
  return { rules, keys, prefix, issuer: () => learned };
}

/** Whether a URL is https and leads off this machine. The document of such an issuer must not lead us back to it. */
function isRemote(url: string): boolean {
  return issuerUrlProblem(url, { allowed: false, hosts: [] }) === undefined;
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
