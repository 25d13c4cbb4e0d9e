import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createIdp } from '../app.ts';
import { parseClients } from './file.ts';
import { openControlOf } from '../testing/control.ts';
import { foreignKey } from '../testing/keys.ts';
import { authorizeUrl, CALLBACK, codeAt, visit } from '../testing/sign-in.ts';
import { openWorld } from '../testing/world.ts';

const GOOD = `
idporten:
  - client_id: from-file
    client_name: From a file
    token_endpoint_auth_method: client_secret_post
    client_secret: chosen
    redirect_uris: ["${CALLBACK}"]
  - client_id: keyed
    jwks_file: keys.json
    redirect_uris: ["${CALLBACK}"]
openid:
  - {client_id: web, token_endpoint_auth_method: none, redirect_uris: ["${CALLBACK}"]}
entra:
  - appId: 00000000-0000-4000-8000-0000000000a1
    passwordCredentials: [{secretText: chosen}]
maskinporten:
  - {client_id: feeder, scopes: ["a:b"]}
`;

test('control: a clients file is read at the start and again when it changes; its clients are shown with their source', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'fullmakt-clients-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const clientsFile = join(dir, 'clients.yaml');
  const key = await foreignKey('keyed');
  await writeFile(join(dir, 'keys.json'), JSON.stringify({ keys: [key.publicJwk] }));
  await writeFile(clientsFile, GOOD);
  const world = await openWorld({ personas: ['idporten'], clientsFile });
  t.after(() => world.close());
  const control = await openControlOf(world);

  assert.ok(!(await codeAt(world, { client_id: 'from-file' })).startsWith('no code'));
  const page = await (await visit(world, new Map(), authorizeUrl({ client_id: 'from-file' }))).text();
  assert.match(page, /<strong>from-file<\/strong>/, 'people see the name they gave, not one of ours');
  const shown = await control('GET', '/v1/idporten/clients/keyed');
  assert.deepEqual([shown.body['source'], shown.body['redirect_uris']], ['file', [CALLBACK]]);
  const changed = await control('DELETE', '/v1/idporten/clients/from-file');
  assert.equal(changed.status, 409);
  assert.match(String(changed.body['message']), /clients\.yaml:3 /);

  await writeFile(clientsFile, GOOD.replace('client_id: from-file', 'client_id: renamed').replace('feeder', 'feeder2'));
  assert.ok(!(await codeAt(world, { client_id: 'renamed' })).startsWith('no code'));
  assert.match(await codeAt(world, { client_id: 'from-file' }), /^no code: 400/);
  await control('POST', '/v1/reset');
  assert.ok(!(await codeAt(world, { client_id: 'renamed' })).startsWith('no code'));
  await writeFile(clientsFile, `${GOOD}nobody: []\n`);
  await codeAt(world);
  const told = world.events.find(({ event }) => event === 'idp.client_skipped');
  assert.deepEqual(
    [told?.event, told !== undefined && 'path' in told ? told.path : ''],
    ['idp.client_skipped', 'nobody'],
  );
});

test('control: a clients file that is not there keeps the providers from starting, with a text that names it', async (t) => {
  const world = await openWorld({ personas: ['idporten'] });
  t.after(() => world.close());
  const clientsFile = join(world.stateDir, 'nowhere.yaml');
  await assert.rejects(createIdp({ ...world.config, clientsFile }, world.deps), {
    name: 'ClientsFileMissing',
    message: new RegExp('nowhere\\.yaml.*FULLMAKT_IDP_CLIENTS_FILE'),
  });
});

test('control: bad entries of a clients file are named by line and path and left out, the others stand', () => {
  const { clients, skipped } = parseClients(
    [
      'idporten:',
      '  - client_id: good',
      '    token_endpoint_auth_method: none',
      '  - client_id: bad',
      '    client_orgno: "12"',
      '    redirect_uris: [nope]',
      '  - client_name: nameless',
      '  - good',
      '  - client_id: good',
      '    token_endpoint_auth_method: none',
      '  - {client_id: keyless, jwks_file: none.json}',
      'unknown: []',
      'entra: {}',
    ].join('\n'),
    '/nowhere/clients.yaml',
  );
  assert.deepEqual(
    clients.map(({ id, source, position }) => [id, source, position?.line]),
    [['good', 'file', 2]],
  );
  assert.deepEqual(
    skipped.map(({ line, path }) => [line, path]),
    [
      [5, 'idporten.1.client_orgno'],
      [6, 'idporten.1.redirect_uris.0'],
      [7, 'idporten.2.client_id'],
      [8, 'idporten.3'],
      [9, 'idporten.4'],
      [11, 'idporten.5'],
      [12, 'unknown'],
      [13, 'entra'],
    ],
  );
});

test('control: JSON is YAML enough, an empty file has no clients, and no text makes the reader throw', () => {
  const json = JSON.stringify({ maskinporten: [{ client_id: 'x', scopes: ['a:b'] }] });
  assert.equal(parseClients(json, 'clients.json').clients.length, 1);
  assert.deepEqual(parseClients('', 'f'), { clients: [], skipped: [] });
  assert.equal(parseClients('- a', 'f').skipped.length, 1);
  assert.equal(parseClients('a: [', 'f').skipped[0]?.problem, 'not readable as YAML: bad indent');
  const quoting = parseClients('openid: [{client_id: a, client_secret: "hush-hush" hush-hush}]', 'f').skipped;
  assert.ok(quoting.length > 0 && !JSON.stringify(quoting).includes('hush'), 'a secret is not quoted');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((each) => `{"entra": [${each}], "openid": ${each}}`),
      ),
      (text) => {
        const { clients, skipped } = parseClients(text, 'f');
        assert.ok(clients.every(({ source }) => source === 'file') && skipped.every(({ line }) => line >= 1));
      },
    ),
    { numRuns: 300 },
  );
});
