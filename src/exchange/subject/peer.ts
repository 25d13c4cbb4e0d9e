import type { Fetch } from '../../oauth/fetch.ts';
import { createRemoteKeySet, createStaticKeySet } from '../../oauth/jwks.ts';
import type { KeySet, KeySetEvent } from '../../oauth/jwks.ts';
import type { KeySetAddress, KeySetPace } from '../../oauth/jwks-pace.ts';
import { fetchMetadata } from '../../oauth/metadata.ts';
import { DAY, HOUR, MINUTE } from '../../oauth/time.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { peerUrls } from './peer-urls.ts';
import { resolveIssuer } from './trusted-issuer.ts';
import type { IssuerRules, TrustedIssuer } from './trusted-issuer.ts';

/** Another issuer: its rules, and its keys as they are over time. */
export interface Peer {
  readonly rules: IssuerRules;
  readonly keys: KeySet;
  /** What `iss` looks like where only the metadata knows it: the address without its well-known suffix. */
  readonly prefix: string | undefined;
  /** As in `iss`; undefined while only the metadata could tell. */
  issuer(): string | undefined;
  /** Has the keys fetched if that is due, and tells how old they are. Never rejects. */
  tend(): void;
}

/** What a peer runs on. */
export interface PeerDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<ExchangeEvent>;
}

const PACE: KeySetPace = {
  coolDownSeconds: 30,
  maxMisses: 1000,
  maxAgeSeconds: { least: MINUTE, most: HOUR },
  totalSeconds: 5,
};

/** Ties a row to its keys. Nothing is fetched before `tend` or the first token. */
export function openPeer(row: TrustedIssuer, { fetch, now, emit }: PeerDependencies): Peer {
  const rules = resolveIssuer(row);
  const { name: issuer } = rules;
  const place = createDiscovery(row, { fetch, now });
  const tellAge = (): void => {
    const { fetchedAt } = keys.state();
    if (fetchedAt !== undefined) emit({ event: 'exchange.jwks_age', issuer, ageSeconds: now() - fetchedAt });
  };
  const onEvent = ({ event }: KeySetEvent): void => {
    if (event === 'jwks.key_skipped') return;
    if (event === 'jwks.failed') place.doubt();
    emit({ event: 'exchange.jwks', issuer, result: event === 'jwks.fetched' ? 'fetched' : 'failed' });
    tellAge();
  };
  const isAllowedUrl = peerUrls(row.wellKnown ?? row.jwksUri ?? '', row.allowHttp === true);
  const keys: KeySet =
    row.jwks === undefined
      ? createRemoteKeySet({
          jwksUri: row.jwksUri ?? (() => place.find()),
          fetch,
          now,
          onEvent,
          isAllowedUrl,
          pace: PACE,
        })
      : createStaticKeySet(row.jwks.keys);
  return {
    rules,
    keys,
    prefix: row.wellKnown?.replace(/\.well-known\/[^]*/, '').replace(/\/$/, ''),
    issuer: () => place.issuer(),
    tend: () => {
      void keys.ready();
      tellAge();
    },
  };
}

/** Where the keys are, by the well-known document: asked for once a day, and again when the keys cannot be had there; the last answer serves where there is none. */
function createDiscovery(
  row: TrustedIssuer,
  { fetch, now }: Pick<PeerDependencies, 'fetch' | 'now'>,
): { find(): Promise<KeySetAddress>; doubt(): void; issuer(): string | undefined } {
  const url = row.wellKnown ?? '';
  let issuer = row.issuer;
  let known: KeySetAddress | undefined;
  let askAgainAt = 0;
  const ask = async (): Promise<KeySetAddress> => {
    const metadata = await fetchMetadata(url, {
      fetch,
      isAllowedUrl: peerUrls(url, row.allowHttp === true),
      totalSeconds: PACE.totalSeconds,
      retries: 0,
      ...(row.issuer === undefined ? {} : { expectedIssuer: row.issuer }),
    });
    if (metadata.jwks_uri === undefined) throw new Error('the metadata has no jwks_uri');
    ({ issuer } = metadata);
    known = { url: metadata.jwks_uri, reach: metadata.reach };
    askAgainAt = now() + DAY;
    return known;
  };
  return {
    issuer: () => issuer,
    find: async () => {
      const last = known;
      if (last === undefined) return ask();
      return now() < askAgainAt ? last : ask().catch(() => last);
    },
    doubt: () => {
      askAgainAt = 0;
    },
  };
}
