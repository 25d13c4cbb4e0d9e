import type { Fetch } from '../../oauth/fetch.ts';
import { createRemoteKeySet, createStaticKeySet } from '../../oauth/jwks.ts';
import type { KeySet } from '../../oauth/jwks.ts';
import type { KeySetAddress } from '../../oauth/jwks-pace.ts';
import { issuerUrlProblem } from '../../oauth/local-issuers.ts';
import { fetchMetadata } from '../../oauth/metadata.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { ExchangeEvent } from '../record/events.ts';
import type { OperatorSettings } from './operator-settings.ts';

/** What the tokens of one operator are verified with. */
export interface OperatorIssuer {
  /** In `iss`; undefined where the operator speaks for itself, or where its metadata has not been read yet. */
  issuer(): string | undefined;
  /** It signs its own tokens: `iss` is its own name, as `sub` is. */
  readonly selfSigned: boolean;
  readonly keys: KeySet;
}

/** What fetching an operator's keys runs on. */
export interface OperatorKeyOptions {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<ExchangeEvent>;
}

/** Opens the key set of an operator in the background: one whose issuer is down stops nobody else. */
export function openOperatorIssuer(row: OperatorSettings, options: OperatorKeyOptions): OperatorIssuer {
  if (row.jwks !== undefined) {
    const keys = createStaticKeySet(row.jwks.keys);
    return { issuer: () => row.issuer, selfSigned: row.issuer === undefined, keys };
  }
  const { fetch, now, emit } = options;
  let learned = row.issuer;
  const discover = async (): Promise<KeySetAddress> => {
    const wellKnown = row.wellKnown ?? '';
    const metadata = await fetchMetadata(wellKnown, {
      fetch,
      // The document of an issuer elsewhere must not lead us to an address of this machine.
      ...(isRemote(wellKnown) ? { isAllowedUrl: isRemote } : {}),
      ...(row.issuer === undefined ? {} : { expectedIssuer: row.issuer }),
    });
    if (metadata.jwks_uri === undefined) throw new Error('the metadata has no jwks_uri');
    learned = metadata.issuer;
    return { url: metadata.jwks_uri, reach: metadata.reach };
  };
  const onEvent = (event: { readonly event: string }): void => {
    if (event.event === 'jwks.key_skipped') return;
    const result = event.event === 'jwks.fetched' ? 'fetched' : 'failed';
    emit({ event: 'exchange.jwks', issuer: `operator:${row.name}`, result });
  };
  const keys = createRemoteKeySet({ jwksUri: row.jwksUri ?? discover, fetch, now, onEvent });
  void keys.ready();
  return { issuer: () => learned, selfSigned: false, keys };
}

function isRemote(url: string): boolean {
  return issuerUrlProblem(url, { allowed: false, hosts: [] }) === undefined;
}
