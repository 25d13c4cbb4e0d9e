import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { startProvider } from '../../src/login/testing/provider.ts';
import { startWorld } from '../../src/login/testing/proxy.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { parseJwt } from '../../src/oauth/jwt.ts';
import { json } from '../../src/web/http.ts';
import { BAD_HERE } from './malformed/bad-here.ts';
import { withClaims } from './malformed/template.ts';
import { templateBase } from './verifiers.ts';
import type { Trap, Verifier } from './verifiers.ts';

/** What makes a token no logout token (OpenID Connect Back-Channel Logout 1.0 2.6). */
const OTHER_KINDS = [
  { events: undefined },
  { events: {} },
  { events: 'http://schemas.openid.net/event/backchannel-logout' },
  { events: { 'http://schemas.openid.net/event/backchannel-logout': true } },
  { nonce: 'n' },
  { nonce: null },
].map(withClaims);

/** A logout token may say that it is one, as a media type too (RFC 7515 4.1.9), and may be without `exp`: its age is counted from `iat`. */
function isRight(token: string): boolean {
  const { header, claims } = parseJwt(token, { types: ['JWT', 'logout+jwt'] });
  return /^(?:application\/)?logout\+jwt$/i.test(header.typ ?? '') || !Object.hasOwn(claims, 'exp');
}

/** Logout tokens at the login proxy, all for a session that nobody has. */
export async function logoutVerifier(t: TestContext, trap: Trap): Promise<Verifier> {
  const jwk = await generatePrivateJwk('RS256', 'hostile-2');
  const clock = { seconds: 1_800_000_000 };
  const provider = await startProvider(t, () => clock.seconds);
  provider.bends.instead.jwks = Array.from({ length: 1000 }, () => json(200, { keys: [publicJwk(jwk)] }));
  const world = await startWorld(t, { provider, clock });
  const base = await templateBase(jwk, trap);
  return {
    name: 'logout token at the login proxy',
    async present(make) {
      const now = clock.seconds;
      const claims = {
        iss: provider.issuer,
        aud: 'client-1',
        sid: 's-1',
        sub: 'u-1',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        jti: randomUUID(),
        iat: now,
        exp: now + 120,
      };
      const answer = await world.browser.ask('/oauth2/logout/backchannel', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: make({ ...base, claims, now }) }).toString(),
      });
      if (answer.status === 200) return 'accepted';
      // A form over the limit is refused before there is a token.
      return answer.status === 400 || answer.status === 413
        ? 'refused'
        : `${answer.status} ${answer.body.slice(0, 300)}`;
    },
    also: { T40: [...BAD_HERE.accessTokenType, ...OTHER_KINDS], T44: [...BAD_HERE.sub], T45: BAD_HERE.noIat },
    rightly: isRight,
  };
}
