/** A small TokenX for the tests of this room: metadata and a token endpoint whose answers can be bent. */
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import type { Form } from '../../web/forms.ts';
import { readForm } from '../../web/forms.ts';
import type { HttpResponse } from '../../web/http.ts';
import { json } from '../../web/http.ts';
import { createRouter } from '../../web/router.ts';
import { serve } from '../../web/serve.ts';

/** The running TokenX. */
export interface TestTokenx {
  readonly issuer: string;
  /** What the proxy has to be set to in order to be its client. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request to its token endpoint. */
  readonly forms: readonly Form[];
  /** Seconds its tokens live. */
  readonly bends: { expiresIn: number; instead: HttpResponse[]; gate: Promise<void> | undefined };
}

/** Starts it on a free port; it is closed when the test ends. */
export async function startTokenx(t: TestContext): Promise<TestTokenx> {
  const forms: Form[] = [];
  const bends: TestTokenx['bends'] = { expiresIn: 300, instead: [], gate: undefined };
  let issuer = '';
  const handle = createRouter([
    {
      method: 'GET',
      path: '/.well-known/oauth-authorization-server',
      handle: () => json(200, { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` }),
    },
    {
      method: 'POST',
      path: '/token',
      handle: async (request) => {
        const read = await readForm(request);
        if (read.ok) forms.push(read.form);
        await bends.gate;
        const token = { access_token: `exchanged-${randomUUID()}`, token_type: 'Bearer', expires_in: bends.expiresIn };
        return bends.instead.shift() ?? json(200, token);
      },
    },
  ]);
  const listener = await serve({ name: 'test tokenx', setting: '-', host: '127.0.0.1', port: 0, handle });
  t.after(() => listener.close(0));
  issuer = listener.origin;
  const jwk = await generatePrivateJwk('ES256', 'tokenx-client');
  const env = {
    FULLMAKT_LOGIN_EXCHANGE_TOKENX_WELL_KNOWN_URL: `${issuer}/.well-known/oauth-authorization-server`,
    FULLMAKT_LOGIN_EXCHANGE_TOKENX_CLIENT_ID: 'cluster:ns:front',
    FULLMAKT_LOGIN_EXCHANGE_TOKENX_CLIENT_JWK: JSON.stringify(jwk),
  };
  return { issuer, env, forms, bends };
}
