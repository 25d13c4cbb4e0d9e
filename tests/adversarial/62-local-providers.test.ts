import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createIdp } from '../../src/idp/app.ts';
import { idpSettings } from '../../src/idp/config.ts';
import { PERSONA_NAMES } from '../../src/idp/persona-names.ts';
import { UnsafeSetting } from '../../src/idp/safety.ts';
import { ensurePrivateCa } from '../../src/idp/keys/ca.ts';
import { authorizeUrl } from '../../src/idp/testing/sign-in.ts';
import { ISSUERS, openWorld, TENANT } from '../../src/idp/testing/world.ts';
import type { World } from '../../src/idp/testing/world.ts';
import { silent } from '../../src/observe/events.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { readSettings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { copyExamples, removeCopy, root } from '../journeys/platform.ts';

let world: World;
before(async () => {
  world = await openWorld({ personas: PERSONA_NAMES });
});
after(() => world.close());

const BINDS = [
  'FULLMAKT_IDP_IDPORTEN_BIND',
  'FULLMAKT_IDP_IDPORTEN_LOGIN_BIND',
  'FULLMAKT_IDP_ENTRA_BIND',
  'FULLMAKT_IDP_ENTRA_HTTP_BIND',
  'FULLMAKT_IDP_MASKINPORTEN_BIND',
  'FULLMAKT_IDP_IDPORTEN_TLS_BIND',
  'FULLMAKT_IDP_IDPORTEN_LOGIN_TLS_BIND',
  'FULLMAKT_IDP_MASKINPORTEN_TLS_BIND',
  'FULLMAKT_IDP_GRAPH_BIND',
  'FULLMAKT_IDP_OPENID_BIND',
  'FULLMAKT_IDP_OPENID_TLS_BIND',
  'FULLMAKT_IDP_OIDF_BASIC_BIND',
  'FULLMAKT_IDP_OIDF_FAPI2_BIND',
  'FULLMAKT_IDP_OIDF_CC_BIND',
] as const;
const MARKED = {
  FULLMAKT_IDP_IDPORTEN_ISSUER: 'http://localhost:7410',
  FULLMAKT_IDP_IDPORTEN_LOGIN_ORIGIN: 'http://localhost:7411',
  FULLMAKT_IDP_ENTRA_ORIGIN: 'https://localhost:7421',
  FULLMAKT_IDP_MASKINPORTEN_ISSUER: 'http://localhost:7430/',
  FULLMAKT_IDP_GRAPH_ORIGIN: 'https://localhost:7422',
  FULLMAKT_IDP_OPENID_ISSUER: 'http://localhost:7450',
  FULLMAKT_IDP_OIDF_BASIC_ISSUER: 'https://localhost:7461',
  FULLMAKT_IDP_OIDF_FAPI2_ISSUER: 'https://localhost:7462',
  FULLMAKT_IDP_OIDF_CC_ISSUER: 'https://localhost:7463',
};
const GENERIC = [ISSUERS.openid, ISSUERS.oidfBasic, ISSUERS.oidfFapi2, ISSUERS.oidfCc] as const;
/** Addresses that a stranger can reach, however they are spelt. */
const REACHABLE = [
  '0.0.0.0:1',
  '[::]:1',
  '10.0.0.1:1',
  '192.168.1.1:1',
  '169.254.1.1:1',
  '[fe80::1]:1',
  '[::ffff:10.0.0.1]:1',
  'example.test:1',
  'localhost.example.test:1',
  '127.0.0.1.example.test:1',
  '128.0.0.1:1',
];
const REAL = [
  'https://idporten.no',
  'https://test.idporten.no',
  'https://login.idporten.no.',
  'https://IDPORTEN.no',
  'https://login.microsoftonline.com',
  'https://sts.windows.net',
  'https://maskinporten.no',
  'https://fullmakt-local.maskinporten.no',
  'https://example.test',
  'https://localhost.example.test',
  'https://xfullmakt-local.test',
  'https://10.0.0.1',
  'https://0.0.0.0',
];

const now = (): number => 1_800_000_000;

/** Tries to start them; closes nothing, for no port is opened before the checks. */
async function start(env: Readonly<Record<string, string>>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'fullmakt-adversarial-'));
  const store = createMemoryStore({ now });
  const data = { version: 1, wildcardGrants: 'network-only', apps: [], clients: [], grants: [], scopes: [] } as const;
  const registry = createMemoryRegistry({ now, initial: data });
  try {
    const read = readSettings(idpSettings, { ...MARKED, FULLMAKT_IDP_STATE_DIR: stateDir, ...env });
    // A text that is no address at all does not start anything either.
    if (!read.ok) throw new UnsafeSetting(read.problems.join('; '));
    await createIdp(read.settings, { registry, store, fetch, now, emit: silent });
    assert.ok(readdirSync(stateDir).length > 0);
  } catch (error) {
    assert.deepEqual(readdirSync(stateDir), [], 'nothing was made before the refusal');
    throw error;
  } finally {
    await store.close();
    rmSync(stateDir, { recursive: true });
  }
}

test('T62 the good settings start, so that what follows fails for its own reason', async () => {
  await start({});
  await start(Object.fromEntries(BINDS.map((bind) => [bind, '127.0.0.1:1'])));
});

for (const bind of BINDS) {
  test(`T62 no start where strangers could come in: ${bind}`, async () => {
    for (const address of REACHABLE) await assert.rejects(start({ [bind]: address }), UnsafeSetting, address);
    await start({ [bind]: '0.0.0.0:1', FULLMAKT_IDP_ALLOW_NON_LOOPBACK: 'true' });
  });
}

test('T62 the control API is for this machine alone, and no flag widens it', async () => {
  for (const address of REACHABLE) {
    const env = { FULLMAKT_IDP_CONTROL_BIND: address, FULLMAKT_IDP_ALLOW_NON_LOOPBACK: 'true' };
    await assert.rejects(start(env), UnsafeSetting, address);
  }
});

for (const name of Object.keys(MARKED)) {
  test(`T62 no start under a name that could be a real one, even where addresses are free: ${name}`, async () => {
    for (const origin of REAL) {
      const issuer = name === 'FULLMAKT_IDP_MASKINPORTEN_ISSUER' ? `${origin}/` : origin;
      await assert.rejects(start({ [name]: issuer, FULLMAKT_IDP_ALLOW_NON_LOOPBACK: 'true' }), UnsafeSetting, issuer);
    }
  });
}

test('T62 the program itself ends with 78 and one sentence, and opens no port', (t) => {
  const dir = copyExamples();
  t.after(() => removeCopy(dir));
  for (const [name, value] of [
    ['FULLMAKT_IDP_ENTRA_BIND', '0.0.0.0:1'],
    ['FULLMAKT_IDP_IDPORTEN_ISSUER', 'https://idporten.no'],
  ] as const) {
    const run = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'up', dir, '--json'], {
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: '20000', [name]: value },
    });
    assert.equal(run.status, 78, `${name}: ${run.stderr}`);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /local identity provider/);
    assert.doesNotMatch(run.stderr, /\n\s+at /);
  }
});

test('T62 every page and answer says that it is a local stand-in', async () => {
  const page = await world.fetch(authorizeUrl());
  assert.match(await page.text(), /lokal testtjeneste|local test service/i);
  const base = `${ISSUERS.entra}/${TENANT}`;
  for (const url of [
    authorizeUrl(),
    `${ISSUERS.idporten}/.well-known/openid-configuration`,
    `${ISSUERS.idporten}/jwks.json`,
    `${ISSUERS.idporten}/nothing`,
    `${ISSUERS.login}/nothing`,
    `${base}/v2.0/.well-known/openid-configuration`,
    `${base}/oauth2/v2.0/authorize`,
    `http://localhost:7420/${TENANT}/v2.0/.well-known/openid-configuration`,
    `${ISSUERS.maskinporten}token`,
    `${ISSUERS.maskinporten}.well-known/oauth-authorization-server`,
    `${ISSUERS.graph}/oidc/userinfo`,
    ...GENERIC.flatMap((issuer) => ['/jwks', '/token', '/authorize', '/nothing'].map((path) => `${issuer}${path}`)),
    `${world.listener('Control API').origin}/v1/status`,
  ]) {
    assert.ok((await world.fetch(url)).headers.get('x-fullmakt-local'), url);
  }
});

test('T62 issuers name this machine, and keys are made here and never leave the state folder readable', async () => {
  for (const [document, keysAt] of [
    [`${ISSUERS.idporten}/.well-known/openid-configuration`, 'jwks_uri'],
    [`${ISSUERS.entra}/${TENANT}/v2.0/.well-known/openid-configuration`, 'jwks_uri'],
    [`${ISSUERS.maskinporten}.well-known/oauth-authorization-server`, 'jwks_uri'],
    ...GENERIC.map((issuer) => [`${issuer}/.well-known/oauth-authorization-server`, 'jwks_uri'] as const),
  ] as const) {
    const metadata = (await (await world.fetch(document)).json()) as Record<string, string>;
    assert.equal(new URL(metadata['issuer'] ?? '').hostname, 'localhost');
    const set = await (await world.fetch(metadata[keysAt] ?? '')).text();
    assert.doesNotMatch(set, /"(?:d|p|q|dp|dq|qi|k)":/);
  }
  for (const name of readdirSync(join(world.stateDir, 'keys'))) {
    assert.match(readFileSync(join(world.stateDir, 'keys', name), 'utf8'), /"d":/);
  }
});

test('T62 every certificate says that it is of no use anywhere else: those of TLS and those of the keys of Entra ID', async () => {
  const { certPem, caPem } = await ensurePrivateCa(world.stateDir, Date.now() / 1000);
  const [leaf, ca] = [new X509Certificate(certPem), new X509Certificate(caPem)];
  assert.deepEqual(
    [leaf.subject, leaf.issuer, ca.subject],
    ['CN=localhost', 'CN=Fullmakt local development CA', 'CN=Fullmakt local development CA'],
  );
  const set = (await (await world.fetch(`${ISSUERS.entra}/${TENANT}/discovery/v2.0/keys`)).json()) as {
    keys: { x5c: string[] }[];
  };
  assert.ok(set.keys.length > 0);
  for (const { x5c } of set.keys) {
    assert.equal(new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).subject, 'CN=Fullmakt local entra');
  }
});
