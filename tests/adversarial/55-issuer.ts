import type { TestContext } from 'node:test';
import { publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { json } from '../../src/web/http.ts';
import type { HttpResponse } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { assertLoopback } from '../loopback.ts';
import { b64, keyOf, rs } from './malformed/template.ts';

/** Addresses that a document must not make anybody fetch. */
export const ADDRESSES: readonly unknown[] = [
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
  'http://10.0.0.1/jwks',
  'http://metadata.example.test/jwks',
  'http://2852039166/jwks',
  'http://[::ffff:169.254.169.254]/jwks',
  'http://[fe80::1]/jwks',
  'ftp://127.0.0.1/jwks',
  'gopher://127.0.0.1/jwks',
  'data:application/json,{"keys":[]}',
  'javascript:0',
  '//127.0.0.1/jwks',
  '/jwks',
  'jwks',
  '',
  'http://user:secret@127.0.0.1/jwks',
  'https://127.0.0.1@metadata.example.test\\@x/jwks'.replace('https', 'http'),
  7,
  ['http://127.0.0.1/jwks'],
  {},
];

/** Notes every address that is asked for, and lets nothing leave this machine. */
export function watchFetch(t: TestContext): string[] {
  const real = globalThis.fetch;
  const asked: string[] = [];
  t.mock.method(globalThis, 'fetch', (input: string | URL | Request, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    asked.push(url);
    assertLoopback(new URL(url).hostname);
    return real(input, init);
  });
  return asked;
}

/** An issuer on this machine whose document can be bent. */
export interface Issuer {
  readonly origin: string;
  readonly wellKnown: string;
  /** Members put over the document. */
  change: Readonly<Record<string, unknown>>;
  /** What is answered instead of the document. */
  instead: HttpResponse | undefined;
}

/** Starts one that publishes this key; it ends with the test. */
export async function startIssuer(t: TestContext, jwk: PrivateJwk): Promise<Issuer> {
  const listener = await serve({
    name: 'issuer',
    setting: '-',
    host: '127.0.0.1',
    port: 0,
    handle: ({ path }) => {
      if (path === '/jwks') return json(200, { keys: [publicJwk(jwk)] });
      if (made.instead !== undefined) return made.instead;
      return json(200, {
        issuer: made.origin,
        jwks_uri: `${made.origin}/jwks`,
        token_endpoint: `${made.origin}/token`,
        ...made.change,
      });
    },
  });
  t.after(() => listener.close(0));
  const made: Issuer = {
    origin: listener.origin,
    wellKnown: `${listener.origin}/.well-known/openid-configuration`,
    change: {},
    instead: undefined,
  };
  return made;
}

/** A good token of an issuer but for what is said. */
export function token(jwk: PrivateJwk, claims: object, now: number): string {
  const input = `${b64(JSON.stringify({ alg: 'RS256', kid: jwk.kid, typ: 'JWT' }))}.${b64(JSON.stringify({ iat: now - 1, exp: now + 300, jti: 'j', sub: 'u', ...claims }))}`;
  return `${input}.${b64(rs(keyOf(jwk))(Buffer.from(input)))}`;
}
