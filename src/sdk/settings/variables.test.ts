import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { ConfigError, fromEnv, inspectEnv } from '../index.ts';
import type { Options } from '../index.ts';
import { createTestIssuer, createTestSidecar, fakeClock } from '../testing.ts';
import { tokensFromEnv } from '../tokens.ts';
import { SDK_VARIABLES } from './provider-variables.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const SCOPE = { maskinporten: { requiredScope: 'test:data/read' } } as const;

type Env = Readonly<Record<string, string | undefined>>;

const WELL_KNOWN = SDK_VARIABLES.map(({ wellKnownUrl }) => wellKnownUrl);
const PARTS = SDK_VARIABLES.flatMap(({ issuer: name, jwksUri, direct }) => [
  name,
  jwksUri,
  direct?.tokenEndpoint ?? '',
]);

function without(env: Env, dropped: readonly string[]): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.includes(name)));
}

const FULL: Env = {
  ...issuer.env,
  FULLMAKT_ISSUERS: JSON.stringify({
    mine: { issuer: 'https://op.example', jwks_uri: 'https://op.example/jwks', audience: ['me'] },
  }),
};
/** The whole contract in the two ways it can be written. */
const EXPLICIT = without(FULL, WELL_KNOWN);
const DISCOVERED = without(FULL, PARTS);

function findingsOf(env: Env, options: Options = SCOPE): readonly string[] {
  try {
    fromEnv({ env, ...options }).close();
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings;
  }
}

function names(findings: readonly string[], name: string): boolean {
  return findings.some((finding) => new RegExp(`\\b${name}\\b`).test(finding));
}

/** What is wrong with an environment to ask for tokens directly. */
function start(env: Env): string {
  try {
    tokensFromEnv({ env, clock, via: 'direct' }).close();
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.findings.join('\n');
  }
}

/** Providers of tokens, each with what it lacks. */
function acquire(env: Env): readonly unknown[] {
  return inspectEnv(env)
    .filter(({ use }) => use === 'acquire')
    .map(({ provider, missing }) => [provider, missing]);
}

test('both ways of writing the whole contract start, and so does their sum', () => {
  for (const env of [FULL, EXPLICIT, DISCOVERED]) assert.deepEqual(findingsOf(env), []);
});

/** Without one of these the rest of a provider is of no use. */
const NEEDED = SDK_VARIABLES.flatMap(({ issuer: name, jwksUri, audience }) => [
  name,
  jwksUri,
  ...(audience === undefined ? [] : [audience]),
]);

for (const name of NEEDED) {
  test(`${name} is named when it is missing or empty, with its alternative (4, 8.2)`, () => {
    for (const value of [undefined, '']) {
      const findings = findingsOf({ ...EXPLICIT, [name]: value });
      assert.ok(names(findings, name), findings.join('\n'));
      const provider = SDK_VARIABLES.find(({ issuer: its, jwksUri }) => its === name || jwksUri === name);
      if (provider !== undefined) assert.ok(names(findings, provider.wellKnownUrl), findings.join('\n'));
    }
  });
}

for (const name of [...PARTS, ...WELL_KNOWN].filter((each) => each !== '' && !each.endsWith('TOKEN_ENDPOINT'))) {
  test(`${name} is named when it is garbled, and its value is not repeated (4, 8.2)`, () => {
    for (const value of ['garbled', 'http://op.example/plain', 'ftp://op.example', 'https://user:geheim@op.example/']) {
      const findings = findingsOf({ ...(WELL_KNOWN.includes(name) ? DISCOVERED : EXPLICIT), [name]: value });
      assert.ok(names(findings, name), `${value}: ${findings.join('\n')}`);
      assert.ok(!findings.join('\n').includes('geheim'));
    }
  });
}

for (const name of ['AZURE_APP_PRE_AUTHORIZED_APPS', 'FULLMAKT_INBOUND_APPS', 'FULLMAKT_ISSUERS']) {
  test(`${name} is named when it is garbled (4, 8.2)`, () => {
    for (const value of ['{', '1', '[1]', '{"x":1}', '{"x":{}}', 'null', '"x"', '[{}]', '["a:b"]', '{"a":1,"a":1}']) {
      assert.ok(names(findingsOf({ ...FULL, [name]: value }), name), value);
    }
  });
}

test('an audience with white space in it is named, and nothing else is guessed about audiences', () => {
  for (const name of ['AZURE_APP_CLIENT_ID', 'TOKEN_X_CLIENT_ID', 'IDPORTEN_AUDIENCE']) {
    for (const value of [' me', 'me\n', 'a b']) assert.ok(names(findingsOf({ ...FULL, [name]: value }), name), value);
  }
});

test('FULLMAKT_ALLOW_LOCAL_PROVIDERS is named when local providers are there without it, or it is no list of hosts (2.4)', () => {
  const name = 'FULLMAKT_ALLOW_LOCAL_PROVIDERS';
  for (const value of [undefined, '', 'false', 'no', '{', 'https://x', 'a b', 'x/y', 'op.example:80']) {
    assert.ok(names(findingsOf({ ...FULL, [name]: value }), name), String(value));
  }
  for (const value of ['true', 'op.example', 'a.example, b.example', '127.0.0.1']) {
    assert.deepEqual(findingsOf({ ...FULL, [name]: value }), [], value);
  }
  const loopback = { TOKEN_X_CLIENT_ID: 'me', TOKEN_X_JWKS_URI: 'https://op.example/jwks' };
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1.2.3', 'x.fullmakt-local', 'fullmakt-local.example']) {
    for (const scheme of ['http', 'https']) {
      const env = { ...loopback, TOKEN_X_ISSUER: `${scheme}://${host}:8080` };
      assert.ok(names(findingsOf(env), name), env.TOKEN_X_ISSUER);
      assert.deepEqual(findingsOf({ ...env, [name]: 'true' }), [], env.TOKEN_X_ISSUER);
    }
  }
});

test('the endpoints of the sidecar are named when they are missing (4)', async (t) => {
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  for (const [name, ask] of [
    ['NAIS_TOKEN_ENDPOINT', 'machine'],
    ['NAIS_TOKEN_EXCHANGE_ENDPOINT', 'onBehalfOf'],
  ] as const) {
    const tokens = tokensFromEnv({ env: { ...sidecar.env, [name]: '' }, clock, via: 'sidecar' });
    const outcome =
      ask === 'machine'
        ? await tokens.machine({ provider: 'entra_id', target: 'a:b:c' })
        : await tokens.onBehalfOf({ provider: 'tokenx', target: 'a:b:c', user: issuer.mint('idporten') });
    tokens.close();
    assert.ok(!outcome.ok);
    assert.equal(outcome.error.kind, 'not_configured');
    assert.match(outcome.error.message, new RegExp(name));
  }
});

test('what asking directly takes is named when it is missing or garbled, and a private key is never repeated (4)', () => {
  const env = without(issuer.env, WELL_KNOWN);
  assert.equal(start(env), '');
  for (const { direct, clientId } of SDK_VARIABLES) {
    if (direct === undefined) continue;
    for (const name of [clientId, direct.privateJwk, direct.tokenEndpoint]) {
      assert.match(start({ ...env, [name]: '' }), new RegExp(name));
    }
    const jwk = env[direct.privateJwk] ?? '';
    for (const garbled of ['{', jwk.replace('"kid"', '"id"'), jwk.replace('"kty":"RSA"', '"kty":"oct"')]) {
      const said = start({ ...env, [direct.privateJwk]: garbled });
      assert.match(said, new RegExp(direct.privateJwk));
      assert.ok(!said.includes(JSON.parse(jwk).d));
    }
    assert.match(start({ ...env, [direct.tokenEndpoint]: 'garbled' }), new RegExp(direct.tokenEndpoint));
  }
});

const VARIABLES = [...Object.keys(FULL), 'NAIS_TOKEN_ENDPOINT', 'NAIS_TOKEN_EXCHANGE_ENDPOINT', 'IDPORTEN_CLIENT_ID'];

test('property: inspectEnv never throws, whatever the environment holds', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.webUrl(), fc.constantFrom('', undefined, 'true'));
  const env = fc.dictionary(fc.oneof(fc.constantFrom(...VARIABLES), fc.string()), value, { maxKeys: 30 });
  fc.assert(
    fc.property(env, (given) => {
      for (const { provider, missing } of inspectEnv(given)) {
        assert.equal(typeof provider, 'string');
        assert.ok(missing.every((name) => name !== ''));
      }
    }),
  );
  for (const odd of [{ TOKEN_X_ISSUER: 1 }, { TOKEN_X_WELL_KNOWN_URL: {} }, Object.create(null)])
    inspectEnv(odd as never);
});

test('property: inspectEnv is truthful: without anything missing the application starts, and with something it does not', () => {
  fc.assert(
    fc.property(fc.subarray(Object.keys(FULL)), (kept) => {
      const env: Env = {
        FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
        ...without(
          FULL,
          Object.keys(FULL).filter((name) => !kept.includes(name)),
        ),
      };
      const uses = inspectEnv(env).filter(({ use }) => use === 'validate');
      const lacking = uses.flatMap(({ missing }) => missing);
      const findings = findingsOf(env);
      assert.equal(findings.length === 0, uses.length > 0 && lacking.length === 0, findings.join('\n'));
      for (const text of lacking)
        assert.ok(
          findings.some((finding) => finding.includes(text)),
          text,
        );
    }),
    { numRuns: 300 },
  );
});

test('inspectEnv tells by which way tokens come, and what that way lacks', async (t) => {
  const nothing = [
    ['entra_id', []],
    ['tokenx', []],
    ['maskinporten', []],
  ];
  assert.deepEqual(acquire(issuer.env), nothing, 'directly');
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  assert.deepEqual(acquire(without(sidecar.env, ['MASKINPORTEN_CLIENT_ID'])), nothing, 'the sidecar has the client');
  const half = acquire({ ...sidecar.env, NAIS_TOKEN_EXCHANGE_ENDPOINT: '' });
  assert.deepEqual(half[1], ['tokenx', ['NAIS_TOKEN_EXCHANGE_ENDPOINT']]);
  const [entra] = acquire({ ...issuer.env, AZURE_APP_JWK: '' });
  assert.match(JSON.stringify(entra), /AZURE_APP_JWK or NAIS_TOKEN_ENDPOINT/);
  assert.deepEqual(
    inspectEnv(FULL).find(({ provider }) => provider === 'oidc:mine'),
    {
      provider: 'oidc:mine',
      use: 'validate',
      missing: [],
    },
  );
});
