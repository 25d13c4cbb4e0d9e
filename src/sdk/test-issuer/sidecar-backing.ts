import type { TestIssuer } from './issuer.ts';
import type { Desk } from './proof.ts';

/** Who a sidecar asks. */
export interface Backing {
  readonly issuer: TestIssuer;
  readonly desk: Desk;
}
