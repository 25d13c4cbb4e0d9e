import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../../src/oauth/jwk.ts';
import { signJws } from '../../src/oauth/jws.ts';
import { portOf } from './port.ts';
import { ACCESS_TOKEN_CHARACTERS, CLIENT_ID } from './world.ts';

/** A provider that believes everybody: its answers are real, its questions are none. */
export interface BenchProvider {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  /** How often tokens were refreshed. */
  refreshes(): number;
  /** An ID token for a person who signed in just now. */
  idToken(subject: string, nonce?: string): Promise<string>;
  close(): void;
}

/** A refresh takes as long as a quick provider needs. */
const REFRESH_MS = 30;

/** An access token of no meaning, as long as real ones are. */
export function accessToken(): string {
  return randomBytes(ACCESS_TOKEN_CHARACTERS).toString('base64url').slice(0, ACCESS_TOKEN_CHARACTERS);
}

export async function startProvider(): Promise<BenchProvider> {
  const jwk = await generatePrivateJwk('RS256', 'bench-1');
  const key = importSigningKey(jwk);
  const nonces = new Map<string, string>();
  let refreshes = 0;

  const idToken: BenchProvider['idToken'] = (subject, nonce) => {
    const iat = Math.floor(Date.now() / 1000);
    const times = { iat, exp: iat + 3600, auth_time: iat };
    const person = {
      sub: subject,
      sid: `sid-${subject}`,
      acr: 'Level4',
      amr: ['bankid'],
      name: 'A Person',
      locale: 'nb',
    };
    const claims = { iss: issuer, aud: CLIENT_ID, ...times, ...person, ...(nonce === undefined ? {} : { nonce }) };
    return signJws({ typ: 'JWT' }, claims, key);
  };

  async function tokens(form: URLSearchParams): Promise<object> {
    const common = { access_token: accessToken(), token_type: 'Bearer', expires_in: 3600, refresh_token: randomUUID() };
    const nonce = nonces.get(form.get('code') ?? '');
    if (form.get('grant_type') !== 'refresh_token') return { ...common, id_token: await idToken(randomUUID(), nonce) };
    refreshes += 1;
    await pause(REFRESH_MS);
    return common;
  }

  function authorize(asked: URLSearchParams, response: ServerResponse): void {
    const code = randomUUID();
    nonces.set(code, asked.get('nonce') ?? '');
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.get('state') ?? '');
    back.searchParams.set('iss', issuer);
    response.writeHead(302, { location: back.href }).end();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer);
    if (pathname === '/authorize') return authorize(searchParams, response);
    const document =
      pathname === '/token'
        ? await tokens(new URLSearchParams(await textOf(request)))
        : pathname === '/jwks'
          ? { keys: [publicJwk(jwk)] }
          : metadata(issuer);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }

  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  return {
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    refreshes: () => refreshes,
    idToken,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
