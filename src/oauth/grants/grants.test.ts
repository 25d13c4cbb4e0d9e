import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { normaliseEntraTarget } from './entra.ts';
import { maskinportenForm, maskinportenGrantClaims } from './maskinporten.ts';
import { refusalKind } from '../token-endpoint/refusal-kind.ts';
import { parseErrorAnswer, parseTokenAnswer, retryAfterSeconds } from '../token-endpoint/token-answer.ts';
import { TokenRequestFailed } from '../token-endpoint/token-failure.ts';

test('only three parts without a scheme become an Entra scope, everything else stays (sidecar-sdk.md 3.2)', () => {
  const rows: readonly [target: string, scope: string][] = [
    ['dev:team-b:register', 'api://dev.team-b.register/.default'],
    ['api://dev.team-b.register/.default', 'api://dev.team-b.register/.default'],
    ['https://graph.microsoft.com/.default', 'https://graph.microsoft.com/.default'],
    ['https://api.example:8443/.default', 'https://api.example:8443/.default'],
    ['api://dev.team-b.register:8443/.default', 'api://dev.team-b.register:8443/.default'],
    ['dev:team-b', 'dev:team-b'],
    ['dev:team-b:register:x', 'dev:team-b:register:x'],
    ['dev::register', 'dev::register'],
    [':team-b:register', ':team-b:register'],
    ['openid', 'openid'],
    ['', ''],
  ];
  for (const [target, scope] of rows) assert.equal(normaliseEntraTarget(target), scope);
});

test('a Maskinporten grant has its scope and what narrows it, resource as an array, and no more (providers.md 2.3)', () => {
  assert.deepEqual(maskinportenGrantClaims({ scope: 'a:b c:d' }), { scope: 'a:b c:d' });
  const details = [{ type: 'urn:x' }];
  assert.deepEqual(
    maskinportenGrantClaims({
      scope: 'a:b',
      resource: 'https://api.test',
      authorizationDetails: details,
      consumerOrg: '310000043',
      pid: '01819090285',
    }),
    {
      scope: 'a:b',
      resource: ['https://api.test'],
      authorization_details: details,
      consumer_org: '310000043',
      pid: '01819090285',
    },
  );
  assert.deepEqual(maskinportenForm('jwt'), {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: 'jwt',
  });
});

test('a refusal is classed by status, code and numbers, never by its text (providers.md 2.5)', () => {
  const rows: readonly [status: number, body: Record<string, unknown>, forUser: boolean, kind: string][] = [
    [503, { error: 'x' }, false, 'transient'],
    [429, { error: 'x' }, false, 'transient'],
    [400, { error: 'temporarily_unavailable' }, false, 'transient'],
    [400, { error: 'invalid_grant', error_codes: [501051] }, true, 'policy'],
    [400, { error: 'invalid_grant', error_codes: [65001] }, true, 'policy'],
    [400, { error: 'invalid_grant', error_codes: [50105] }, true, 'policy'],
    [403, { error: 'forbidden', error_uri: 'https://maskinporten.no/errors/MP-250' }, false, 'policy'],
    [400, { error: 'invalid_target' }, true, 'policy'],
    [401, { error: 'invalid_client', error_codes: [7000215] }, false, 'credential'],
    [400, { error: 'invalid_grant', error_uri: 'https://maskinporten.no/errors/MP-124' }, false, 'credential'],
    [400, { error: 'invalid_request', error_codes: [50027] }, false, 'credential'],
    [400, { error: 'invalid_request', error_codes: [7000222] }, false, 'credential'],
    [400, { error: 'invalid_request', error_codes: [700027] }, false, 'credential'],
    [400, { error: 'invalid_request', error_codes: [700213] }, true, 'credential'],
    [400, { error: 'invalid_request', error_uri: 'https://maskinporten.no/errors/MP-100' }, false, 'credential'],
    [400, { error: 'invalid_request', error_uri: 'https://maskinporten.no/errors/MP-12' }, false, 'request'],
    [400, { error: 'invalid_request', error_uri: 'https://maskinporten.no/errors/MP-1200' }, false, 'request'],
    [400, { error: 'invalid_scope', error_uri: 'https://login.test/error?code=50027' }, false, 'request'],
    [400, { error: 'invalid_grant', error_uri: 'https://maskinporten.no/errors/MP-251' }, false, 'policy'],
    [400, { error: 'access_denied' }, true, 'policy'],
    [403, { error: 'forbidden' }, true, 'policy'],
    [408, { error: '' }, true, 'transient'],
    [400, { error: 'server_error' }, true, 'transient'],
    [400, { error: 'login_required' }, true, 'reauth'],
    [400, { error: 'consent_required' }, true, 'reauth'],
    [400, { error: 'unauthorized_client' }, true, 'request'],
    [404, { error: '' }, true, 'request'],
    [400, { error: 'invalid_grant' }, true, 'reauth'],
    [400, { error: 'invalid_grant' }, false, 'policy'],
    [400, { error: 'interaction_required' }, true, 'reauth'],
    [400, { error: 'invalid_scope', error_description: 'AADSTS501051' }, false, 'request'],
  ];
  for (const [status, body, forUser, kind] of rows) {
    assert.equal(refusalKind({ status, error: String(body['error']), body, forUser }), kind, JSON.stringify(body));
  }
});

test('Retry-After is seconds or a date, at most an hour, and nothing else (RFC 9110 10.2.3)', () => {
  const now = Date.parse('2026-01-01T00:00:00Z') / 1000;
  const rows: readonly [header: string | null, seconds: number | undefined][] = [
    [null, undefined],
    ['', undefined],
    ['7', 7],
    ['99999', 3600],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
  ];
  for (const [header, seconds] of rows) assert.equal(retryAfterSeconds(header, now), seconds, String(header));
});

test('whatever a provider answers, it is a bearer token with a whole life or TokenRequestFailed', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  );
  const context = { forUser: false, retryAfterSeconds: undefined };
  fc.assert(
    fc.property(bytes, (body) => {
      assert.ok(parseErrorAnswer(400, body, context).error.length > 0);
      try {
        const { accessToken, expiresIn } = parseTokenAnswer(body);
        assert.ok(accessToken !== '' && Number.isSafeInteger(expiresIn) && expiresIn >= 0);
      } catch (error) {
        assert.ok(error instanceof TokenRequestFailed);
      }
    }),
  );
});
