import { generatePrivateJwk, importSigningKey, publicJwk } from '../../../src/oauth/jwk.ts';
import type { PrivateJwk, PublicJwk, SigningKey } from '../../../src/oauth/jwk.ts';

/** The keys of one run. `stranger` and `ec` have the `kid` of `issuer`, `open` does not say what it is for; only `issuer` is published unless a case says so. */
export interface Keys {
  readonly signing: Readonly<Record<string, SigningKey>>;
  readonly published: Readonly<Record<string, PublicJwk>>;
  /** What the sidecar's clients sign with, as variables hold them. */
  readonly clients: { readonly rsa: PrivateJwk; readonly ec: PrivateJwk };
}

/** Makes them, all at once. */
export async function makeKeys(): Promise<Keys> {
  const [issuer, next, stranger, ec, open, rsaClient, ecClient] = await Promise.all([
    generatePrivateJwk('RS256', 'issuer-key'),
    generatePrivateJwk('RS256', 'next-key'),
    generatePrivateJwk('RS256', 'issuer-key'),
    generatePrivateJwk('ES256', 'issuer-key'),
    generatePrivateJwk('RS256', 'open-key'),
    generatePrivateJwk('RS256', 'client-key'),
    generatePrivateJwk('ES256', 'ec-client-key'),
  ]);
  const all = { issuer, next, stranger, ec, open };
  const entries = Object.entries(all);
  const published = Object.fromEntries(entries.map(([name, jwk]) => [name, publicJwk(jwk)]));
  const { alg: _, ...openKey } = publicJwk(open);
  return {
    signing: Object.fromEntries(entries.map(([name, jwk]) => [name, importSigningKey(jwk)])),
    published: { ...published, open: openKey },
    clients: { rsa: rsaClient, ec: ecClient },
  };
}
