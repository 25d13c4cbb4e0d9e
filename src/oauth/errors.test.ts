import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accessDenied,
  consentRequired,
  errorResponse,
  insufficientScope,
  interactionRequired,
  invalidClient,
  invalidGrant,
  invalidRequest,
  invalidRequestUri,
  invalidScope,
  invalidTarget,
  invalidToken,
  loginRequired,
  serverError,
  temporarilyUnavailable,
  unauthorizedClient,
  unsupportedGrantType,
  unsupportedResponseType,
} from './errors.ts';

test('an answer says error and description, is not stored, and hides reason and cause (RFC 6749 5.2)', () => {
  const error = invalidGrant('subject token has expired', { reason: 'exp', cause: new Error('hidden') });
  const { status, headers, body } = errorResponse(error, { fm_reason: 'subject-expired' });
  assert.equal(status, 400);
  assert.equal(headers['Cache-Control'], 'no-store');
  assert.equal(headers['Pragma'], 'no-cache');
  assert.deepEqual(JSON.parse(body), {
    fm_reason: 'subject-expired',
    error: 'invalid_grant',
    error_description: 'subject token has expired',
  });
  assert.equal(error.message, 'invalid_grant: subject token has expired');
  assert.equal(error.reason, 'exp');
});

test('a description holds only the characters the RFC allows', () => {
  const { body } = errorResponse(invalidRequest('a "b" \\ \u00e6\n'));
  assert.equal(JSON.parse(body).error_description, "a 'b' / ??");
});

test('what is added to an answer cannot replace the error', () => {
  assert.equal(JSON.parse(errorResponse(invalidRequest('x'), { error: 'other' }).body).error, 'invalid_request');
});

test('each code has its status', () => {
  const made = [
    invalidClient,
    unauthorizedClient,
    unsupportedGrantType,
    unsupportedResponseType,
    invalidScope,
    invalidTarget,
    accessDenied,
    loginRequired,
    interactionRequired,
    consentRequired,
    invalidRequestUri,
    invalidToken,
    insufficientScope,
    serverError,
    temporarilyUnavailable,
  ].map((make) => make('x'));
  assert.deepEqual(
    made.map((error) => `${error.status} ${error.code}`),
    [
      '401 invalid_client',
      '400 unauthorized_client',
      '400 unsupported_grant_type',
      '400 unsupported_response_type',
      '400 invalid_scope',
      '400 invalid_target',
      '400 access_denied',
      '400 login_required',
      '400 interaction_required',
      '400 consent_required',
      '400 invalid_request_uri',
      '401 invalid_token',
      '403 insufficient_scope',
      '500 server_error',
      '503 temporarily_unavailable',
    ],
  );
});

test('a temporary failure says when to come back, and the caller may say otherwise', () => {
  assert.equal(temporarilyUnavailable('x').headers['Retry-After'], '1');
  assert.equal(temporarilyUnavailable('x', { headers: { 'Retry-After': '9' } }).headers['Retry-After'], '9');
  assert.equal(temporarilyUnavailable('x', { status: 429 }).status, 429);
});

test('a refused token comes with its challenge (RFC 6750 3)', () => {
  assert.equal(invalidToken('x').headers['WWW-Authenticate'], 'Bearer error="invalid_token"');
});
