import { generatePrivateJwk, importVerificationKey, publicJwk } from '../../oauth/jwk.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import { PRIVATE_KEY_VARIABLES } from './environment.ts';

/** The private key of the application under test, as text for its environment, and what proves its signatures. */
export interface ApplicationKey {
  readonly text: string;
  readonly verificationKeys: readonly VerificationKey[];
}

/** One key serves all providers. */
export async function makeApplicationKey(): Promise<ApplicationKey> {
  const jwk = await generatePrivateJwk('RS256', 'app-1');
  return { text: JSON.stringify(jwk), verificationKeys: [importVerificationKey(publicJwk(jwk))] };
}

/** The environment without private keys: what is left to an application beside a sidecar. */
export function withoutPrivateKeys(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PRIVATE_KEY_VARIABLES.has(name)));
}
