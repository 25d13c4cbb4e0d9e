import type { TestIssuer } from './issuer.ts';
import type { Desk } from './proof.ts';

/** Who a sidecar asks. */
export interface Backing {
  readonly issuer: TestIssuer;
  readonly desk: Desk;
}

/** 400 `invalid_request`. */
export function badRequest(description: string): Response {
  return Response.json({ error: 'invalid_request', error_description: description }, { status: 400 });
}
