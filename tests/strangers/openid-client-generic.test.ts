import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as openid from 'openid-client';
import { CALLBACK, newBrowser, SIGNED_OUT, signedIn, startClub } from './club.ts';
import type { Club } from './club.ts';
import { PID, signInFor } from './person.ts';

const BASIC = 'client_secret_basic';
const POST = 'client_secret_post';

let club: Club;
before(async () => {
  club = await startClub();
});
after(() => club.providers.close());

function signIn(
  config: openid.Configuration,
  wish: Partial<Parameters<typeof signedIn>[1]> = {},
): ReturnType<typeof signedIn> {
  return signedIn(config, { browser: newBrowser(club), ...wish });
}

for (const persona of ['openid', 'oidf-basic'] as const) {
  describe(`judges-openid-client: openid-client at ${persona}`, () => {
    for (const proof of [BASIC, POST, ...['RS256', 'ES256', 'PS256'].map((alg) => `private_key_jwt ${alg}`)]) {
      for (const pushed of [false, true]) {
        test(`signs a person in by ${proof}${pushed ? ' and PAR' : ''}`, async () => {
          const config = await club.clientOf({ persona, proof });
          const tokens = await signIn(config, { pushed });
          assert.equal(tokens.claims()?.aud, config.clientMetadata().client_id);
          assert.equal(tokens.claims()?.iss, config.serverMetadata().issuer);
          assert.ok(tokens.claims()?.['at_hash'], 'which the library compares with the access token');
        });
      }
    }

    test('signs ID tokens by the algorithm of the registration', async () => {
      const metadata = { id_token_signed_response_alg: 'ES256' };
      const { id_token: idToken = '' } = await signIn(await club.clientOf({ persona, proof: BASIC, metadata }));
      assert.equal(decodeProtectedHeader(idToken).alg, 'ES256');
    });

    test('gets UserInfo about the subject of the ID token with the claims of every scope, and refuses anybody else', async () => {
      const config = await club.clientOf({ persona, proof: BASIC });
      const tokens = await signIn(config, { scope: 'openid profile email phone address' });
      const sub = tokens.claims()?.sub ?? '';
      const info = await openid.fetchUserInfo(config, tokens.access_token, sub);
      for (const claim of ['name', 'given_name', 'family_name', 'email', 'email_verified', 'phone_number', 'address']) {
        assert.notEqual(info[claim], undefined, claim);
      }
      await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, 'somebody-else'), {
        code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
      });
    });

    test('refreshes, and the refresh token of before is spent', async () => {
      const config = await club.clientOf({ persona, proof: POST });
      const first = await signIn(config);
      const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal(second.claims()?.sub, first.claims()?.sub);
      await assert.rejects(openid.refreshTokenGrant(config, first.refresh_token ?? ''), { error: 'invalid_grant' });
    });

    test('hears of a token by introspection, and revokes it', async () => {
      const config = await club.clientOf({ persona, proof: BASIC });
      const { access_token: token } = await signIn(config);
      assert.equal((await openid.tokenIntrospection(config, token)).active, true);
      await openid.tokenRevocation(config, token);
      assert.equal((await openid.tokenIntrospection(config, token)).active, false);
    });

    test('signs out: back with state, and the next visit meets the page again', async () => {
      const config = await club.clientOf({ persona, proof: BASIC });
      const browser = newBrowser(club);
      const tokens = await signIn(config, { browser });
      const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: SIGNED_OUT, state: 'out-1' };
      const out = await browser.open(openid.buildEndSessionUrl(config, parameters).href);
      const last = out.url.startsWith(SIGNED_OUT) ? out.url : browser.visited.at(-1);
      assert.equal(last, `${SIGNED_OUT}?state=out-1`);
      const again = openid.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid' });
      assert.match((await browser.open(again.href)).html, /id="fm-login"/);
    });

    test('a code used twice ends the tokens of its first use', async () => {
      const config = await club.clientOf({ persona, proof: BASIC });
      const checks = { expectedState: 'state-of-this-test', expectedNonce: 'nonce-of-this-test' };
      const parameters = {
        redirect_uri: CALLBACK,
        scope: 'openid',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
      };
      const callback = await signInFor(newBrowser(club), openid.buildAuthorizationUrl(config, parameters));
      const tokens = await openid.authorizationCodeGrant(config, callback, checks);
      await assert.rejects(openid.authorizationCodeGrant(config, callback, checks), { error: 'invalid_grant' });
      await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? ''));
    });

    test('is told invalid_client for a wrong secret', async () => {
      const wrong = { proof: POST, authentication: openid.ClientSecretPost('wrong') };
      await assert.rejects(signIn(await club.clientOf({ persona, ...wrong })), {
        error: 'invalid_client',
        status: 401,
      });
    });

    test('is challenged to Basic, as RFC 6749 5.2 wants it, for a wrong secret in that scheme', async () => {
      const wrong = { proof: BASIC, authentication: openid.ClientSecretBasic('wrong') };
      await assert.rejects(signIn(await club.clientOf({ persona, ...wrong })), (thrown) => {
        assert.ok(thrown instanceof openid.WWWAuthenticateChallengeError);
        assert.deepEqual([thrown.status, thrown.cause[0]?.scheme], [401, 'basic']);
        return true;
      });
    });
  });
}

describe('judges-openid-client: openid-client at openid', () => {
  for (const proof of [BASIC, POST, 'private_key_jwt ES256']) {
    test(`gets a token for itself by client credentials and ${proof}`, async () => {
      const metadata = { grant_types: ['client_credentials'], redirect_uris: [] };
      const config = await club.clientOf({ persona: 'openid', proof, metadata });
      const tokens = await openid.clientCredentialsGrant(config);
      assert.equal(decodeProtectedHeader(tokens.access_token).typ, 'at+jwt');
      assert.equal(decodeJwt(tokens.access_token)['client_id'], config.clientMetadata().client_id);
    });
  }

  test('signs a person in as a public client with PKCE', async () => {
    const tokens = await signIn(await club.clientOf({ persona: 'openid', proof: 'none' }), { scope: 'openid' });
    assert.ok(tokens.claims()?.sub);
  });
});

describe('judges-openid-client: openid-client at oidf-fapi2', () => {
  for (const alg of ['PS256', 'ES256'] as const) {
    test(`signs a person in by PAR, PKCE and private_key_jwt with ${alg}; the refresh token stays`, async () => {
      const metadata = { id_token_signed_response_alg: alg };
      const config = await club.clientOf({ persona: 'oidf-fapi2', proof: `private_key_jwt ${alg}`, metadata });
      const tokens = await signIn(config, { pushed: true });
      assert.equal(decodeProtectedHeader(tokens.id_token ?? '').alg, alg);
      const info = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '');
      assert.equal(info.sub, tokens.claims()?.sub);
      const fresh = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
      assert.equal(fresh.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
      const resource = new URL('/resource', config.serverMetadata().issuer);
      const answer = await openid.fetchProtectedResource(config, fresh.access_token, resource, 'GET');
      assert.equal(answer.status, 200);
    });
  }

  test('is refused an authorization request that was not pushed', async () => {
    const metadata = { id_token_signed_response_alg: 'PS256' };
    const config = await club.clientOf({ persona: 'oidf-fapi2', proof: 'private_key_jwt PS256', metadata });
    const url = openid.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', state: 'not-pushed' });
    const page = await newBrowser(club).open(url.href);
    assert.doesNotMatch(page.html, /id="fm-login"/);
    assert.equal(new URL(page.url).searchParams.get('code'), null);
  });

  test('is refused without a code challenge', async () => {
    const metadata = { id_token_signed_response_alg: 'PS256' };
    const config = await club.clientOf({ persona: 'oidf-fapi2', proof: 'private_key_jwt PS256', metadata });
    const bare = { redirect_uri: CALLBACK, scope: 'openid', state: 'no-challenge' };
    await assert.rejects(openid.buildAuthorizationUrlWithPAR(config, bare), { error: 'invalid_request' });
  });
});

test('judges-openid-client: openid-client at oidf-cc gets a token by client credentials and private_key_jwt', async () => {
  const metadata = {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    access_token_signed_response_alg: 'PS256',
  };
  for (const alg of ['PS256', 'ES256'] as const) {
    const config = await club.clientOf({ persona: 'oidf-cc', proof: `private_key_jwt ${alg}`, metadata });
    const tokens = await openid.clientCredentialsGrant(config);
    assert.equal(decodeProtectedHeader(tokens.access_token).alg, 'PS256');
    assert.equal(tokens.refresh_token, undefined);
  }
});

test('the person on the page is the subject of every client alike: these personas have public subjects', async () => {
  const subjects = await Promise.all(
    [BASIC, POST].map(async (proof) => (await signIn(await club.clientOf({ persona: 'openid', proof }))).claims()?.sub),
  );
  assert.equal(new Set(subjects).size, 1);
  assert.ok(!subjects.includes(PID), 'and it is no national identity number');
});
