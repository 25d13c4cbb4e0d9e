import { type Beside, startBeside } from './beside.ts';
import type { Order, Outcome } from './msal-client.ts';

/** MSAL in a process of its own. */
export type Msal = Beside<Order, Outcome>;

/** Starts the process; `caFile` is what it believes beside the public authorities. */
export function startMsal(caFile: string | undefined): Msal {
  return startBeside('msal-client.ts', caFile);
}
