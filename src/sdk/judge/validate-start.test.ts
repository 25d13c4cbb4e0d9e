import assert from 'node:assert/strict';
import test from 'node:test';
import { ENV, makeKeys } from '../testing/fixtures.ts';
import { ConfigError, create, fromEnv } from '../index.ts';
import type { IssuerConfig } from '../index.ts';
import { publicJwk } from '../../oauth/jwk.ts';

const keys = await makeKeys();

test('L7 time-claims: an absurd leeway or lifetime throws before anything else', () => {
  for (const options of [{ leewaySeconds: Number.POSITIVE_INFINITY }, { leewaySeconds: -1 }, { leewaySeconds: 121 }]) {
    assert.throws(() => fromEnv({ env: ENV, ...options }), /leewaySeconds/);
  }
  for (const maxLifetimeSeconds of [Number.NaN, 0, Number.POSITIVE_INFINITY]) {
    assert.throws(() => fromEnv({ env: ENV, maxLifetimeSeconds }), /maxLifetimeSeconds/);
  }
});

test('L6 audience: an issuer without audience does not start, nor does one without audience and scope', () => {
  const base = {
    provider: 'oidc:x',
    issuer: 'https://op.example',
    keys: { jwksUri: 'https://op.example/jwks' },
  } as const;
  for (const audience of [
    undefined,
    [],
    [''],
    { audienceNotIssued: true },
    { audienceNotIssued: true, requiredScope: 'a b' },
  ]) {
    const config = { ...base, audience } as unknown as IssuerConfig;
    assert.throws(() => create([config], { env: {} }), ConfigError, JSON.stringify(audience));
  }
  // @ts-expect-error -- no audience does not compile
  assert.throws(() => create([base], { env: {} }), ConfigError);
});

test('options that cannot work are found at start: what is no function, a clock of milliseconds or of nothing (1)', () => {
  for (const [options, told] of [
    [{ clock: 5 }, 'clock has to be a function'],
    [{ fetch: 'fetch' }, 'fetch has to be a function'],
    [{ onEvent: {} }, 'onEvent has to be a function'],
    [{ clock: Date.now }, 'clock has to give seconds since the epoch'],
    [{ clock: () => Number.NaN }, 'clock has to give seconds since the epoch'],
    [{ clock: () => '1800000000' }, 'clock has to give seconds since the epoch'],
    [{ clock: () => -1 }, 'clock has to give seconds since the epoch'],
  ] as const) {
    assert.throws(
      () => fromEnv({ env: ENV, ...options } as never),
      (error) => error instanceof ConfigError && error.findings.length === 1 && error.findings[0] === told,
      told,
    );
  }
});

function jwks(...list: unknown[]): object {
  return { keys: { jwks: { keys: list } } };
}

test('what no type checker saw is found at start: providers, keys by hand, an audience nobody may leave out (2.4)', () => {
  const good = { provider: 'oidc:x', issuer: 'https://op.example', audience: ['me'] };
  const key = publicJwk(keys.issuerJwk);
  const bad: readonly object[] = [
    { ...good, ...jwks(key), provider: 'tokenX' },
    { ...good, ...jwks(key), provider: undefined },
    { ...good },
    { ...good, keys: {} },
    { ...good, keys: { jwksUri: undefined } },
    { ...good, keys: { jwks_uri: 'https://op.example/jwks' } },
    { ...good, ...jwks() },
    { ...good, keys: { jwks: [key] } },
    { ...good, ...jwks(key, { ...key, d: 'x' }) },
    { ...good, ...jwks(key, { ...key, kid: undefined }) },
    { ...good, ...jwks(key, { ...keys.ec.publicJwk, kid: key.kid }) },
    ...['entra_id', 'tokenx', 'idporten'].map((provider) => ({
      ...good,
      ...jwks(key),
      provider,
      audience: { audienceNotIssued: true, requiredScope: 'a' },
    })),
  ];
  for (const config of bad) {
    assert.throws(() => create([config as unknown as IssuerConfig], { env: {} }), ConfigError, JSON.stringify(config));
  }
  create([{ ...good, ...jwks(key) } as unknown as IssuerConfig], { env: {} }).close();
});

function variable(issuer: object): string {
  return JSON.stringify({ mine: { audience: ['me'], ...issuer } });
}

test('what is wrong with a URL is told without the URL, which may hold a password', () => {
  const secret = 'https://me:canary@op.example';
  const good: Omit<IssuerConfig, 'keys'> = { provider: 'oidc:mine', issuer: 'https://op.example', audience: ['me'] };
  const starts: (() => unknown)[] = [
    () => fromEnv({ env: { FULLMAKT_ISSUERS: variable({ issuer: secret, jwks_uri: 'https://op.example/j' }) } }),
    () => fromEnv({ env: { FULLMAKT_ISSUERS: variable({ issuer: 'https://op.example', well_known_url: secret }) } }),
    () => create([{ ...good, keys: { jwksUri: secret } }], { env: {} }),
    () => create([{ ...good, issuer: secret, keys: { jwksUri: 'https://op.example/j' } }], { env: {} }),
    () => {
      const both = { ...good, issuer: secret, keys: { jwksUri: 'https://op.example/j' } };
      create([both, { ...both, provider: 'oidc:other' }], { env: {} });
    },
  ];
  for (const start of starts) {
    assert.throws(start, (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /mine: .* must not hold a user or a password/);
      assert.ok(!error.message.includes('canary'), error.message);
      return true;
    });
  }
});
