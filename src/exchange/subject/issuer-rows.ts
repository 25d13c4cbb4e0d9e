import { isDeepStrictEqual } from 'node:util';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { Registry, RegistryChange } from '../../registry/contract.ts';
import type { IssuerRow } from '../../registry/issuer-row.ts';
import type { Snapshot } from '../../registry/model.ts';
import { parseTrustedIssuers } from './trusted-issuer.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** More than as many processes as could ever start at once. */
const ATTEMPTS = 100;

/**
 * Makes the configured issuers those of the registry, for every process: puts what differs, removes what is not configured, and
 * leaves one that an operator turned off as it is. Processes that start at once agree. Rejects with RegistryUnavailable when
 * there is something to write and it cannot be written.
 */
export async function seedIssuers(registry: Registry, configured: readonly TrustedIssuer[]): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const snapshot = registry.snapshot();
    const change = changeTo(configured, snapshot);
    if (change === undefined || (await registry.commit(snapshot.version, change)) === 'ok') return;
  }
  throw new RegistryUnavailable('the registry is changed by others without end');
}

/** A configured issuer as the registry keeps it. */
export function issuerRow({ name, disabled, ...settings }: TrustedIssuer): IssuerRow {
  const plain: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(settings));
  return { name, state: disabled === true ? 'disabled' : 'active', settings: plain };
}

/** The issuer that a row describes; undefined when it asks for what this program does not know, which must not be left out. */
export function issuerOfRow({ name, settings }: IssuerRow): TrustedIssuer | undefined {
  try {
    return parseTrustedIssuers([{ ...settings, name }])[0];
  } catch {
    return undefined;
  }
}

function changeTo(configured: readonly TrustedIssuer[], snapshot: Snapshot): RegistryChange | undefined {
  const wanted = new Map(configured.map((issuer) => [issuer.name, issuerRow(issuer)]));
  const removeIssuers = [...snapshot.issuers()].map(({ name }) => name).filter((name) => !wanted.has(name));
  const putIssuers = [...wanted.values()]
    .map((row): IssuerRow => (snapshot.issuer(row.name)?.state === 'disabled' ? { ...row, state: 'disabled' } : row))
    .filter((row) => !isDeepStrictEqual(row, snapshot.issuer(row.name)));
  if (removeIssuers.length + putIssuers.length === 0) return undefined;
  const detail = { put: putIssuers.map(({ name }) => name), removed: removeIssuers };
  return { putIssuers, removeIssuers, audit: [{ actor: 'exchange', action: 'issuers.configured', detail }] };
}
