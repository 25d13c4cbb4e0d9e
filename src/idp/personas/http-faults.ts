import type { FaultRow, Problem, Values } from '../engine/refusal.ts';
import { HTTP_FAULT_ANSWERS } from '../unconfirmed.ts';

/** Problems of a token request as such, before anything in it counts. */
type HttpProblem = Extract<Problem, 'form-content-type' | 'form-malformed' | 'parameter-repeated' | 'grant-missing'>;

/** What a service answers to a request malformed as such. */
export function httpFault(
  service: 'idporten' | 'entra' | 'maskinporten',
  problem: HttpProblem,
  says: (values: Values) => string,
): FaultRow {
  const [error, code] = HTTP_FAULT_ANSWERS[service][problem];
  return { error, code, says };
}
