/** How a login client proves who it is (RFC 7523 `private_key_jwt`, RFC 6749 2.3.1 secrets), as oauth4webapi wants it. */
import type { ClientAuth } from 'oauth4webapi';
import { ClientSecretPost } from 'oauth4webapi';
import { CLIENT_ASSERTION_TYPE, signClientAssertion } from '../oauth/client-assertion.ts';
import type { SigningKey } from '../oauth/jwk.ts';
import type { Clock } from '../oauth/time.ts';
import type { ProviderMetadata } from './metadata.ts';
import { isShared } from './tenant-issuer.ts';

/** Which secret method to use; `auto` asks metadata. */
type SecretMethod = 'auto' | 'client_secret_basic' | 'client_secret_post';

/** What a client has to show. */
export type ClientCredential =
  | { readonly kind: 'key'; readonly key: SigningKey; readonly assertionType: 'JWT' | 'client-authentication+jwt' }
  /** Somebody else's word for the client, asked for at every use (RFC 7521 4.2). */
  | { readonly kind: 'assertion'; readonly assertion: () => Promise<string> }
  | { readonly kind: 'secret'; readonly secret: string; readonly method: SecretMethod };

const ASSERTION_SECONDS = 30;

interface ClientContext {
  readonly clientId: string;
  readonly metadata: ProviderMetadata;
  readonly now: Clock;
}

function signerOf(
  { key, assertionType: typ }: Extract<ClientCredential, { kind: 'key' }>,
  { clientId, metadata, now }: ClientContext,
): () => Promise<string> {
  // A shared issuer is nobody's name, so the address it is reached at stands for it.
  const audience = isShared(metadata.issuer) ? (metadata.endpoint('token_endpoint') ?? '') : metadata.issuer;
  const same = { key, clientId, audience, lifetimeSeconds: ASSERTION_SECONDS, typ };
  return () => signClientAssertion({ ...same, now: now() });
}

function authenticateWith(assertion: () => Promise<string>, clientId: string): ClientAuth {
  return async (_server, _client, body) => {
    body.set('client_id', clientId);
    body.set('client_assertion_type', CLIENT_ASSERTION_TYPE);
    body.set('client_assertion', await assertion());
  };
}

/** As browsers encode forms: letters, digits and `*-._` stay, so that providers that forget to decode understand most ids and secrets too. */
function encoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function secretInHeader(secret: string, clientId: string): ClientAuth {
  const credentials = Buffer.from(`${encoded(clientId)}:${encoded(secret)}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`);
}

/** The client authentication for one provider. A key signs a new assertion (own `jti`) every time it is used. */
export function authenticateClient(credential: ClientCredential, context: ClientContext): ClientAuth {
  if (credential.kind === 'key') return authenticateWith(signerOf(credential, context), context.clientId);
  if (credential.kind === 'assertion') return authenticateWith(credential.assertion, context.clientId);
  const listed = context.metadata.clientAuthMethods.includes('client_secret_post');
  const post = credential.method === 'client_secret_post' || (credential.method === 'auto' && listed);
  return post ? ClientSecretPost(credential.secret) : secretInHeader(credential.secret, context.clientId);
}
