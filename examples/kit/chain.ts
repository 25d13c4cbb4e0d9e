import type { Principal } from '@fullmakt/sdk';

/** What one service saw of the token it was called with. */
export interface Hop {
  readonly service: string;
  readonly caller: string;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly level: string;
}

/** An error as the refusing side worded it; `remedy` names the manifest change that would allow it, where that side knows. */
export interface Refusal {
  readonly by: string;
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly remedy: string;
}

/** The hops of one call, the first service first; a refusal ends the chain. */
export interface Chain {
  readonly hops: readonly Hop[];
  readonly refusal?: Refusal;
}

/** The hop that `service` adds: who called (as the token says, unless told), and what else the token says. */
export function hopOf(service: string, principal: Principal, caller: string = principal.caller ?? '-'): Hop {
  return {
    service,
    caller,
    issuer: principal.issuer,
    audience: claimText(principal, 'aud') ?? 'none: the scope binds it',
    subject: claimText(principal, 'pid') ?? claimText(principal, 'NAVident') ?? principal.id,
    level: principal.acr ?? 'none',
  };
}

/** A claim for people to read; undefined when the token does not have it. */
function claimText(principal: Principal, name: string): string | undefined {
  const claims: Readonly<Record<string, unknown>> = { ...principal.claims };
  const value = claims[name];
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
}

/** Calls the next service with a token made for it, and puts `hop` in front of the chain it answers. */
export async function callNext(call: { service: string; url: string; token: string; hop?: Hop }): Promise<Chain> {
  const response = await fetch(call.url, { headers: { authorization: `Bearer ${call.token}` } });
  const answer: Partial<Chain> & Readonly<Record<string, unknown>> = JSON.parse(await response.text());
  const hops = [...(call.hop === undefined ? [] : [call.hop]), ...(answer.hops ?? [])];
  if (answer.refusal !== undefined) return { hops, refusal: answer.refusal };
  return response.ok ? { hops } : { hops, refusal: refusalOf(call.service, response.status, answer) };
}

/** Reads an OAuth error body (RFC 6749 5.2, RFC 6750 3.1). */
function refusalOf(by: string, status: number, body: Readonly<Record<string, unknown>>): Refusal {
  const member = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  return {
    by,
    status,
    error: member('error'),
    description: member('error_description'),
    remedy: member('explanation'),
  };
}
