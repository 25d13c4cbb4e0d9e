import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** What a token was asked for: two requests share a cached token only if all of this is equal. */
export interface TokenKey {
  readonly provider: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly grant: 'machine' | 'exchange';
  /** As it goes upstream, so that two spellings of one target are one. */
  readonly target: string;
  /** RFC 8707. */
  readonly resource?: string | undefined;
  /** RFC 9396; absent differs from an empty list, the order of members within an object does not matter. */
  readonly authorizationDetails?: readonly unknown[] | undefined;
  /** The subject of an exchange. Only its digest goes into the key, and the token is kept nowhere. */
  readonly userToken?: string | undefined;
}

const VERSION = '2';

/** SHA-256, base64url. */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Whose tokens they are. */
export type TokenClient = Pick<TokenKey, 'provider' | 'issuer' | 'clientId'>;

/** How the texts of all keys of one client begin. */
export function encodeTokenClient({ provider, issuer, clientId }: TokenClient): string {
  return part(VERSION) + part(provider) + part(issuer) + part(clientId);
}

/** The key as one text. Length before content: no two keys have one text, wherever characters stand. */
export function encodeTokenKey(key: TokenKey): string {
  const { authorizationDetails: details, userToken } = key;
  return (
    encodeTokenClient(key) +
    part(key.grant) +
    part(key.target) +
    part(key.resource) +
    part(details === undefined ? undefined : canonicalJson(details)) +
    // A place for what a token may be bound to; none is bound to anything yet.
    part(undefined) +
    part(userToken === undefined ? undefined : sha256(userToken))
  );
}

function part(value: string | undefined): string {
  return value === undefined ? '-' : `${value.length}:${value}`;
}
