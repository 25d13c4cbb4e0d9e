import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Fetch } from '../../oauth/fetch.ts';
import { JoseError } from '../../oauth/jws.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { IssuerRow } from '../../registry/issuer-row.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { issuerRow } from '../subject/issuer-rows.ts';
import { createSubjectIssuers } from '../subject/subject-issuers.ts';
import type { SubjectIssuers } from '../subject/subject-issuers.ts';
import type { TrustedIssuer } from '../subject/trusted-issuer.ts';

/** The issuer of these tests, its keys and its document. */
export const PEER = 'https://idp.example.test';
export const KEYS_AT: string = `${PEER}/jwks`;
export const WELL_KNOWN: string = `${PEER}/.well-known/openid-configuration`;

/** A trusted issuer under a clock of its own. */
export interface PeerBench {
  readonly clock: { now: number };
  readonly events: ExchangeEvent[];
  readonly issuers: SubjectIssuers;
  /** Whether the issuer has such a key: or `unavailable`, `starting`, `unknown`. */
  has(kid: string, issuer?: string): Promise<boolean | string>;
}

const NO_ROWS = { version: 0, wildcardGrants: 'network-only', apps: [], clients: [], grants: [], scopes: [] } as const;

function peerRow(row: Partial<TrustedIssuer>, place: number): IssuerRow {
  return issuerRow({ name: place === 0 ? 'idp' : `idp-${place}`, bind: 'any', ...row });
}

/** Trusts these issuers, whose documents come by this fetch; ends with the test. */
export function openPeers(t: TestContext, fetch: Fetch, ...rows: readonly Partial<TrustedIssuer>[]): PeerBench {
  const clock = { now: 1_795_305_600 };
  const events: ExchangeEvent[] = [];
  const issuers = createSubjectIssuers({
    registry: createMemoryRegistry({ now: () => clock.now, initial: { ...NO_ROWS, issuers: rows.map(peerRow) } }),
    ownIssuer: 'https://tx.example.test',
    ownKeys: () => [],
    fetch,
    now: () => clock.now,
    emit: (event) => void events.push(event),
  });
  t.after(() => issuers.close());
  const has = async (kid: string, issuer = PEER): Promise<boolean | string> => {
    const found = issuers.find(issuer);
    if (typeof found !== 'object') return found ?? 'unknown';
    try {
      return (await found.keysFor(kid, 'ES256')).length > 0;
    } catch (error) {
      assert.ok(error instanceof JoseError);
      return error.code === 'keys_unavailable' ? 'unavailable' : error.code;
    }
  };
  return { clock, events, issuers, has };
}

/** Lets fetches in the background finish. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
