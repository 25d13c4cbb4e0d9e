import type { Claims } from '../jwt.ts';
import type { Clock } from '../time.ts';
import type { FormMaker } from '../token-endpoint/token-endpoint.ts';
import { entraMachineForm, entraOnBehalfOfForm, normaliseEntraTarget } from './entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from './maskinporten.ts';
import type { Signer } from './signer.ts';
import { tokenxExchangeForm } from './tokenx.ts';

/** A client at a provider, by the provider's name: `entra_id`, `tokenx`, `maskinporten`, or one that gives no tokens to clients. */
export interface GrantClient {
  readonly provider: string;
  /** What assertions are for. */
  readonly issuer: string;
  readonly clientId: string;
  readonly signer: Signer;
}

/** A token for an application itself. */
export interface MachineGrant {
  readonly target: string;
  readonly resource?: string | undefined;
  readonly authorizationDetails?: readonly unknown[] | undefined;
}

/** A token on behalf of a user. */
export interface ExchangeGrant {
  readonly target: string;
  readonly userToken: string;
}

/** A target as the provider wants it. */
export function normaliseTarget(provider: string, target: string): string {
  return provider === 'entra_id' ? normaliseEntraTarget(target) : target;
}

/** The forms of machine tokens by provider, each with an assertion of its own; undefined where a provider gives none. */
export function machineForm(client: GrantClient, grant: MachineGrant, now: Clock): FormMaker | undefined {
  const { provider, clientId } = client;
  if (provider === 'entra_id') {
    const target = normaliseEntraTarget(grant.target);
    return async () => entraMachineForm({ clientId, clientAssertion: await sign(client, now) }, target);
  }
  if (provider !== 'maskinporten') return undefined;
  const { target: scope, resource, authorizationDetails } = grant;
  const claims = maskinportenGrantClaims({ scope, resource, authorizationDetails });
  return async () => maskinportenForm(await sign(client, now, { claims, omitSubject: true }));
}

/** The forms of exchanges by provider, each with an assertion of its own; undefined where a provider exchanges nothing. */
export function exchangeForm(client: GrantClient, grant: ExchangeGrant, now: Clock): FormMaker | undefined {
  const { provider, clientId } = client;
  const { userToken } = grant;
  if (provider === 'entra_id') {
    const target = normaliseEntraTarget(grant.target);
    return async () => entraOnBehalfOfForm({ clientId, clientAssertion: await sign(client, now) }, target, userToken);
  }
  if (provider !== 'tokenx') return undefined;
  return async () => tokenxExchangeForm(await sign(client, now), grant.target, userToken);
}

function sign(
  { signer, clientId, issuer: audience }: GrantClient,
  now: Clock,
  extra: { readonly claims?: Claims; readonly omitSubject?: boolean } = {},
): Promise<string> {
  return signer.sign({ clientId, audience, now: now(), ...extra });
}
