import { signClientAssertion } from '../client-assertion.ts';
import type { ClientAssertionOptions } from '../client-assertion.ts';
import type { SigningKey } from '../jwk.ts';

/** Signs assertions for one client, wherever its key is. */
export interface Signer {
  /** A new assertion, with an identifier of its own (RFC 7523 section 3). Rejects when it cannot be signed. */
  sign(assertion: Omit<ClientAssertionOptions, 'key'>): Promise<string>;
}

/** Signs with a key in this process: the one it is told at that moment, so that a new key serves the next attempt. */
export function createLocalSigner(currentKey: () => SigningKey): Signer {
  return { sign: (assertion) => signClientAssertion({ ...assertion, key: currentKey() }) };
}
