import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SignJWT } from 'jose';
import * as openid from 'openid-client';
import { ORGNO } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { cryptoKey } from './keys.ts';
import { startProviders } from './providers.ts';
import type { Providers } from './providers.ts';
import { app, client, rows } from './rows.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

let providers: Providers;
let jwk: PrivateJwk;

before(async () => {
  jwk = await generatePrivateJwk('RS256', 'client-key');
  const scopes = ['demo:feed/read', 'demo:feed/closed'];
  const feed = client('feed', 'feed-id', {
    keys: [publicJwk(jwk)],
    registration: { provider: 'maskinporten', orgno: ORGNO, scopes },
  });
  const scope = { owner: app('api'), ownerOrgno: '310000027', enabled: true, accessibleForAll: false, atMaxAge: 60 };
  const offered = [
    { ...scope, name: 'demo:feed/read', consumers: [ORGNO] },
    { ...scope, name: 'demo:feed/closed', consumers: [] },
  ];
  providers = await startProviders(rows([feed], { scopes: offered }), ['maskinporten']);
});
after(() => providers.close());

describe('judges-openid-client: openid-client at the local Maskinporten', () => {
  test('gets a token for a scope that the organisation was given', async () => {
    const tokens = await ask('demo:feed/read');
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.scope, 'demo:feed/read');
    assert.equal(tokens.expires_in, 60);
    assert.equal(tokens.refresh_token, undefined);
  });

  for (const { title, request, error, status, code } of [
    {
      title: 'a scope nobody gave the organisation',
      request: () => ask('demo:feed/closed'),
      error: 'forbidden',
      status: 403,
      code: 'MP-250',
    },
    {
      title: 'a scope the client lacks',
      request: () => ask('demo:feed/write'),
      error: 'invalid_scope',
      status: 400,
      code: 'MP-200',
    },
    {
      title: 'the issuer without its slash as audience',
      request: () => ask('demo:feed/read', { aud: providers.issuers.maskinporten.slice(0, -1) }),
      error: 'invalid_grant',
      status: 400,
      code: 'MP-110',
    },
    {
      title: 'another key under a registered kid',
      request: async () => ask('demo:feed/read', { key: await generatePrivateJwk('RS256', jwk.kid) }),
      error: 'invalid_grant',
      status: 400,
      code: 'MP-124',
    },
  ]) {
    test(`shows ${code} for ${title}`, async () => {
      await assert.rejects(request(), (thrown) => {
        assert.ok(thrown instanceof openid.ResponseBodyError);
        assert.equal(thrown.error, error);
        assert.equal(thrown.status, status);
        assert.equal(thrown.cause['error_uri'], `${providers.issuers.maskinporten}errors/${code}`);
        return true;
      });
    });
  }
});

function maskinporten(): Promise<openid.Configuration> {
  return openid.discovery(new URL(providers.issuers.maskinporten), 'feed-id', undefined, () => {}, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
}

async function ask(
  scope: string,
  change: { readonly aud?: string; readonly key?: PrivateJwk } = {},
): ReturnType<typeof openid.genericGrantRequest> {
  const config = await maskinporten();
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid })
    .setIssuer('feed-id')
    .setAudience(change.aud ?? providers.issuers.maskinporten)
    .setIssuedAt()
    .setExpirationTime('60 s')
    .setJti(crypto.randomUUID())
    .sign(await cryptoKey(change.key ?? jwk));
  return openid.genericGrantRequest(config, JWT_BEARER, { assertion });
}
