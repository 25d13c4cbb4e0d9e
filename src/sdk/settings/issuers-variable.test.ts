import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, fromEnv } from '../index.ts';
import { createTestIssuer } from '../testing.ts';

const issuer = await createTestIssuer();

type Env = Readonly<Record<string, string | undefined>>;

function findingsOf(env: Env): string {
  try {
    fromEnv({ env }).close();
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings.join('\n');
  }
}

/** What is wrong with a FULLMAKT_ISSUERS of these entries. */
function found(entries: object, env: Env = {}): string {
  return findingsOf({ ...env, FULLMAKT_ISSUERS: JSON.stringify(entries) });
}

test('entries of FULLMAKT_ISSUERS: what is wrong with one is said under its name, all at once (4)', () => {
  const good = { issuer: 'https://a.example', jwks_uri: 'https://a.example/jwks', audience: ['me'] };
  assert.equal(found({ mine: good, yours: { ...good, issuer: 'https://b.example' } }), '');
  assert.equal(found({ mine: { ...good, kind: 'machine', algorithms: ['ES256', 'PS256'] } }), '');
  const { audience: _, ...unheard } = good;
  assert.equal(found({ mine: { ...unheard, no_audience: true, required_scope: 's' } }), '');
  for (const [entry, said] of [
    [{ ...good, issuer: 'garbled' }, /FULLMAKT_ISSUERS: mine.*not a URL/],
    [{ ...good, jwks_uri: 'http://a.example/jwks' }, /FULLMAKT_ISSUERS: mine.*https/],
    [{ ...good, audience: [] }, /FULLMAKT_ISSUERS: mine has no audience/],
    [{ ...good, audience: [''] }, /FULLMAKT_ISSUERS: mine has no audience/],
    [{ ...good, audience: 'me' }, /FULLMAKT_ISSUERS: mine has no audience/],
    [unheard, /FULLMAKT_ISSUERS: mine has no audience/],
    [{ ...unheard, no_audience: true }, /FULLMAKT_ISSUERS: mine has no audience/],
    [{ ...unheard, no_audience: true, required_scope: 'a b' }, /FULLMAKT_ISSUERS: mine.*white space/],
    [{ ...unheard, no_audience: true, required_scope: '' }, /FULLMAKT_ISSUERS: mine.*white space/],
    [{ ...good, algorithms: [] }, /FULLMAKT_ISSUERS: mine\.algorithms/],
    [{ ...good, algorithms: ['HS256'] }, /FULLMAKT_ISSUERS: mine\.algorithms/],
    [{ ...good, algorithms: 'RS256' }, /FULLMAKT_ISSUERS: mine\.algorithms/],
    [{ ...good, kind: 'robot' }, /FULLMAKT_ISSUERS: mine\.kind/],
    [{ ...good, audiences: ['me'] }, /FULLMAKT_ISSUERS: mine has no member audiences/],
    [{ jwks_uri: good.jwks_uri, audience: ['me'] }, /FULLMAKT_ISSUERS: mine needs issuer/],
    [{ issuer: good.issuer, audience: ['me'] }, /FULLMAKT_ISSUERS: mine needs issuer/],
    ['text', /FULLMAKT_ISSUERS: mine has to be/],
  ] as const) {
    assert.match(found({ mine: entry }), said, JSON.stringify(entry));
  }
  assert.match(found({ Mine: good }), /FULLMAKT_ISSUERS: Mine has to be a name/);
  assert.match(found({ ['m'.repeat(33)]: good }), /FULLMAKT_ISSUERS/);
  const several = found({ a: { ...good, kind: 'robot' }, b: 'text', c: good }).split('\n');
  assert.equal(several.length, 2);
});

test('two entries with one issuer do not start, wherever they come from (2.4)', () => {
  const entry = { issuer: 'https://a.example', jwks_uri: 'https://a.example/jwks', audience: ['me'] };
  const twice = { FULLMAKT_ISSUERS: JSON.stringify({ mine: entry, yours: entry }) };
  assert.match(findingsOf(twice), /oidc:\w+ and oidc:\w+ have the same issuer/);
  const known = { ...entry, issuer: issuer.env['TOKEN_X_ISSUER'] };
  const both = { ...issuer.env, FULLMAKT_ISSUERS: JSON.stringify({ mine: known }) };
  assert.match(findingsOf(both), /oidc:mine and tokenx have the same issuer/);
  const close = {
    FULLMAKT_ISSUERS: JSON.stringify({ mine: entry, yours: { ...entry, issuer: 'https://a.example/' } }),
  };
  assert.equal(findingsOf(close), '');
});

test('a provider known by name takes its algorithms from FULLMAKT_ISSUERS, and nothing else', () => {
  const listed = { tokenx: { algorithms: ['RS256', 'ES256'] } };
  assert.equal(found(listed, issuer.env), '');
  assert.match(
    found({ tokenx: { issuer: 'https://a.example' } }, issuer.env),
    /FULLMAKT_ISSUERS: tokenx .* algorithms only/,
  );
  assert.match(found({ tokenx: { algorithms: ['none'] } }, issuer.env), /FULLMAKT_ISSUERS: tokenx\.algorithms/);
});
