import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caHints, shellWord } from '../idp/keys/ca-hints.ts';
import type { IdpEvent } from '../idp/events.ts';
import { parseIdpArguments } from './idp-arguments.ts';
import { describeEnv, envDocument } from './idp-env.ts';
import { idpNotice } from './idp-notice.ts';
import { idpConfig, requirePorts } from './idp-settings.ts';
import { describeIdp, summariseIdp } from './idp-summary.ts';

function configOf(line: string, env: Record<string, string> = {}): ReturnType<typeof idpConfig> {
  return idpConfig(parseIdpArguments(line.split(' ').filter(Boolean)), env, '/project');
}

test('`fullmakt idp` starts ID-porten, Entra ID and Maskinporten; --persona adds, --only replaces', () => {
  assert.deepEqual(configOf('').personas, ['idporten', 'entra', 'maskinporten']);
  assert.deepEqual(configOf('--persona openid').personas, ['idporten', 'entra', 'maskinporten', 'openid']);
  assert.deepEqual(configOf('--persona entra').personas, ['idporten', 'entra', 'maskinporten']);
  assert.deepEqual(configOf('--only entra --only openid').personas, ['entra', 'openid']);
  assert.deepEqual(configOf('--only entra --persona oidf-cc').personas, ['entra', 'oidf-cc']);
});

test('flags win over the environment, and the environment over the defaults', () => {
  const env = {
    FULLMAKT_IDP_PERSONAS: 'maskinporten',
    FULLMAKT_IDP_STATE_DIR: 'state',
    FULLMAKT_IDP_CLIENTS_FILE: 'a.yaml',
  };
  const { personas, stateDir, clientsFile } = configOf('', env);
  assert.deepEqual([personas, stateDir, clientsFile], [['maskinporten'], '/project/state', '/project/a.yaml']);
  const flags = configOf('--only entra --dir /elsewhere --clients b.yaml --allow-non-loopback', env);
  assert.deepEqual([flags.personas, flags.stateDir, flags.clientsFile], [['entra'], '/elsewhere', '/project/b.yaml']);
  assert.equal(flags.allowNonLoopback, true);
  assert.equal(configOf('').stateDir, '/project/.fullmakt');
});

test('a misspelt setting is named, and so is every other mistake at once', () => {
  assert.throws(
    () => configOf('', { FULLMAKT_IDP_ENTRA_BINDS: 'localhost:1', FULLMAKT_IDP_ENTRA_BIND: 'nowhere' }),
    /FULLMAKT_IDP_ENTRA_BIND is not usable[\s\S]*FULLMAKT_IDP_ENTRA_BINDS is not a setting/,
  );
});

test('port 0 is refused where clients have to know the port, and fine beside an issuer of its own', () => {
  const env = { FULLMAKT_IDP_OPENID_BIND: 'localhost:0', FULLMAKT_IDP_CONTROL_BIND: '127.0.0.1:0' };
  assert.throws(() => requirePorts(configOf('', env)), {
    message: /^http:\/\/localhost:0, http:\/\/127\.0\.0\.1:0 \(the control API\): give it a port/,
  });
  const fixed = { FULLMAKT_IDP_OPENID_BIND: 'localhost:0', FULLMAKT_IDP_OPENID_ISSUER: 'http://localhost:7450' };
  assert.doesNotThrow(() => requirePorts(configOf('', fixed)));
});

for (const line of ['--persona okta', '--only Entra', 'start', 'env more', '--jason', '--dir']) {
  test(`refuses \`fullmakt idp ${line}\` as wrong usage, and says why`, () => {
    assert.throws(() => parseIdpArguments(line.split(' ')), { exitCode: 2 });
  });
}

test('the summary has every issuer byte for byte with the address of its metadata (Maskinporten: OAuth only, one slash)', () => {
  const config = configOf('--persona openid --persona oidf-basic --persona oidf-fapi2 --persona oidf-cc');
  const { personas } = summariseIdp(config, 0.2);
  const tenant = 'https://localhost:7421/00000000-0000-4000-8000-00000000f001/v2.0';
  assert.deepEqual(
    personas.map(({ name, issuer, metadata }) => [name, issuer, metadata]),
    [
      ['idporten', 'http://localhost:7410', 'http://localhost:7410/.well-known/openid-configuration'],
      ['entra', tenant, `${tenant}/.well-known/openid-configuration`],
      ['maskinporten', 'http://localhost:7430/', 'http://localhost:7430/.well-known/oauth-authorization-server'],
      ['openid', 'http://localhost:7450', 'http://localhost:7450/.well-known/openid-configuration'],
      ['oidf-basic', 'https://localhost:7461', 'https://localhost:7461/.well-known/openid-configuration'],
      ['oidf-fapi2', 'https://localhost:7462', 'https://localhost:7462/.well-known/openid-configuration'],
      ['oidf-cc', 'https://localhost:7463', 'https://localhost:7463/.well-known/oauth-authorization-server'],
    ],
  );
});

test('the text for people says where everything is, and that this is not the real thing', () => {
  const text = describeIdp(summariseIdp(configOf('--clients clients.yaml'), 0.2));
  for (const said of [
    'http://localhost:7430/ ',
    '/project/.fullmakt/people.yaml',
    '/project/.fullmakt/keys',
    'NODE_EXTRA_CA_CERTS=/project/.fullmakt/ca.pem',
    'http://127.0.0.1:7400/v1/idporten/clients',
    '/project/.fullmakt/control-token',
    '/project/clients.yaml',
    'nothing they issue opens the real services',
  ]) {
    assert.ok(text.includes(said), said);
  }
});

test('`idp env` exports the variables of every common runtime, and quotes a path for the shell', () => {
  const hints = caHints("/tmp/o'clock here");
  const lines = describeEnv(hints).split('\n');
  const quoted = String.raw`'/tmp/o'\''clock here/ca.pem'`;
  assert.deepEqual(
    lines.slice(0, 4),
    ['NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'].map(
      (name) => `export ${name}=${quoted}`,
    ),
  );
  assert.ok(lines.slice(4).every((line) => line === '' || line.startsWith('# ')));
  assert.match(describeEnv(hints), /OIDCCABundlePath "\/tmp\/o'clock here\/ca\.pem"/);
  assert.match(describeEnv(hints), /keytool -importcert -noprompt .*-file /);
  const document = envDocument(caHints('/s'));
  assert.equal(document['OIDCCABundlePath'], '/s/ca.pem');
  assert.equal(document['CURL_CA_BUNDLE'], '/s/ca.pem');
  assert.equal(shellWord('/plain/path-1.2'), '/plain/path-1.2');
});

test('a refusal is told in one line, whatever the client called itself', () => {
  const refused: IdpEvent = {
    event: 'idp.refused',
    persona: 'entra',
    endpoint: 'token',
    client: 'two\nlines \u001b[2J',
    error: 'invalid_client',
    number: 'AADSTS7000215',
    reason: 'secret wrong',
    fix: undefined,
  };
  const line = idpNotice(refused) ?? '';
  assert.match(line, /^refused {2}entra token: two.*: AADSTS7000215 invalid_client secret wrong$/);
  assert.ok(!line.includes('\n') && !line.includes('\u001b'));
  assert.equal(
    idpNotice({ event: 'idp.person_skipped', line: 7, problem: 'no pid' }),
    'people.yaml:7: left out: no pid',
  );
  assert.equal(
    idpNotice({ event: 'idp.client_skipped', file: '/c.yaml', line: 3, path: 'entra.0.appId', problem: 'not a GUID' }),
    '/c.yaml:3: left out: entra.0.appId: not a GUID',
  );
  assert.equal(
    idpNotice({ event: 'idp.client_skipped', file: '/c.yaml', line: 1, path: '', problem: 'not readable as YAML' }),
    '/c.yaml:1: no client read: not readable as YAML',
  );
  assert.equal(idpNotice({ event: 'idp.signed_out', persona: 'entra', clients: 1 }), undefined);
});
