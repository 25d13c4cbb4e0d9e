import type { FaultRow, Values } from '../engine/refusal.ts';
import { ENTRA_ERROR_NAMES } from '../unconfirmed.ts';

type Says = (values: Values) => string;

/** An answer of Entra ID: AADSTS number, OAuth error, text. */
export function row(code: string, error: string, says: Says, more: Partial<FaultRow> = {}): FaultRow {
  return { code, error, says, ...more };
}

/** One whose OAuth error no documentation names. */
export function undocumented(code: keyof typeof ENTRA_ERROR_NAMES, says: Says, more: Partial<FaultRow> = {}): FaultRow {
  return row(code, ENTRA_ERROR_NAMES[code], says, more);
}

/** A request that cannot be understood, by the number that Entra ID has for all of these. */
export function malformed(says: Says): FaultRow {
  return row('9002313', 'invalid_request', says);
}

/** A parameter that is not there. */
export const missing: FaultRow = row(
  '900144',
  'invalid_request',
  ({ parameter }) => `The body has no parameter '${parameter}'.`,
);

/** Text about an application or API that the tenant has not. */
export function notInTenant(what: string, { tenant }: Values): string {
  return `${what} is not in tenant '${tenant}': not installed or consented to there, or the wrong tenant was asked.`;
}
