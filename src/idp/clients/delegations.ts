import { MASKINPORTEN_DELEGATION_SOURCE } from '../unconfirmed.ts';

/** That one organisation lets another ask for tokens of one scope in its name. Organisation numbers have nine digits. */
export interface Delegation {
  /** Who delegates: the `consumer` of the tokens. */
  readonly consumer: string;
  /** Who may act: the organisation of the client, `supplier` in the tokens. */
  readonly supplier: string;
  /** Full name of a Maskinporten scope that has a delegation source. */
  readonly scope: string;
}

/** Whether one of the delegations covers a request. */
export function isDelegated(delegations: readonly Delegation[], asked: Delegation): boolean {
  return delegations.some(
    ({ consumer, supplier, scope }) =>
      consumer === asked.consumer && supplier === asked.supplier && scope === asked.scope,
  );
}

/** What tokens say of a delegation source: manifests name it (`altinn`), tokens hold its issuer. */
export function delegationIssuer(source: string): string {
  return source === 'altinn' ? MASKINPORTEN_DELEGATION_SOURCE : source;
}
