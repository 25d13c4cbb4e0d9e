import { json } from '../../web/http.ts';
import { serve } from '../../web/serve.ts';
import type { TrustedIssuer } from '../subject/trusted-issuer.ts';

interface IdentityProviderOptions {
  readonly issuer: string;
  /** The key set of each answer. */
  readonly jwks: () => object | Promise<object>;
  /** How the issuer's row differs from the usual one. */
  readonly changes: Partial<TrustedIssuer> | undefined;
}

interface IdentityProvider {
  /** How the exchange server is told of it. */
  readonly row: TrustedIssuer;
  /** How often its keys were fetched. */
  fetches(): number;
  close(): Promise<void>;
}

/** An identity provider on loopback that does nothing but publish its keys. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  let fetches = 0;
  const listener = await serve({
    name: 'IdP',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: async () => {
      fetches += 1;
      return json(200, await options.jwks());
    },
  });
  const row: TrustedIssuer = {
    name: 'idporten',
    issuer: options.issuer,
    jwksUri: `${listener.origin}/jwks`,
    bind: { clientId: '@registry' },
    map: 'idporten-acr',
    ...options.changes,
  };
  return { row, fetches: () => fetches, close: () => listener.close(0) };
}
