import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { OAuthError } from '../../oauth/errors.ts';
import { parseForm } from '../../web/forms.ts';
import { makeKeys } from '../testing/sidecar.ts';
import { startStandard } from '../testing/standard.ts';
import type { ExchangeRequest, TokenRequest } from '../wire/requests.ts';
import { parseClientCredentials, parseTokenExchange } from './token-request.ts';

const keys = await makeKeys();
const EVIL = 'http://evil.example/token';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

test('L13 localhost: no parameter changes where a request goes, as whom, or what else it says (3.6, 3.7)', async (t) => {
  const { provider, ask } = await startStandard(t, keys);
  const names = ['issuer', 'token_endpoint', 'jwks_uri', 'client_id', 'client_secret', 'client_assertion', 'assertion'];
  const more = ['kid', 'redirect_uri', 'target', 'user_token', 'identity_provider', 'skip_cache', 'username', 'pid'];
  const hopes = Object.fromEntries(
    [...names, ...more, 'consumer_org', 'requested_token_use'].map((name) => [name, EVIL]),
  );
  const user = { grant_type: EXCHANGE, subject_token: 'u', subject_token_type: JWT };
  const requests = [
    ['entra_id', { grant_type: 'client_credentials', scope: 's' }],
    ['maskinporten', { grant_type: 'client_credentials', scope: 's' }],
    ['tokenx', { ...user, audience: 'a' }],
    ['entra_id', { ...user, scope: 's' }],
  ] as const;
  for (const [at, [name, form]] of requests.entries()) {
    const { status } = await ask(`/oauth2/${name}/token?token_endpoint=${EVIL}`, { ...hopes, ...form });
    assert.equal(status, 200);
    const sent = provider.forms[at] ?? assert.fail('nothing was sent');
    assert.ok(!sent.toString().includes('evil'), name);
    const assertion = sent.get('client_assertion') ?? (name === 'maskinporten' ? sent.get('assertion') : '') ?? '';
    const claims = Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString();
    assert.match(claims, new RegExp(`"aud":"${provider.origin}/`), name);
    assert.ok(!claims.includes('evil'), name);
  }
  assert.equal(provider.forms.length, requests.length);
});

test('whatever a form holds, it is a request or refused as OAuth refuses, and nothing of it is made up (RFC 6749 5.2)', () => {
  const name = fc.constantFrom(
    'scope',
    'resource',
    'authorization_details',
    'audience',
    'subject_token',
    'subject_token_type',
    'actor_token',
    'requested_token_type',
  );
  const value = fc.oneof(fc.string(), fc.constantFrom('', ' ', 'a b', '[]', '[{}]', '{"a":1}', JWT), fc.json());
  const provider = fc.constantFrom('entra_id', 'tokenx', 'maskinporten');
  let good = 0;
  fc.assert(
    fc.property(fc.dictionary(name, value), provider, (fields, at) => {
      const result = parseForm(new URLSearchParams(fields).toString());
      assert.ok(result.ok);
      for (const parse of [parseClientCredentials, parseTokenExchange]) {
        try {
          const wanted: TokenRequest | ExchangeRequest = parse(result.form, at);
          assert.ok(wanted.target === fields['scope'] || wanted.target === fields['audience']);
          assert.ok(!('userToken' in wanted) || wanted.userToken === fields['subject_token']);
          assert.deepEqual([wanted.provider, wanted.skipCache], [at, false]);
          good += 1;
        } catch (error) {
          assert.ok(error instanceof OAuthError && error.status === 400, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(good > 0);
});
