import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as openid from 'openid-client';
import { startDaemon, writeApp } from '../../src/sidecar/testing/daemon.ts';
import { temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { freePort } from '../servers/free-port.ts';

const keys = await makeKeys();

test('in a daemon each application is an authorization server at its own address, with tokens of its own (3.7, 3.8)', async (t) => {
  const root = temporaryFolder(t);
  const provider = await startProvider(t, keys);
  const origins = [`http://127.8.9.1:${await freePort()}`, `http://127.8.9.2:${await freePort()}`];
  const { BIND_ADDRESS: _, ...credentials } = testEnv(provider.origin, keys);
  for (const [at, origin] of origins.entries()) {
    const env = { NAIS_TOKEN_ENDPOINT: `${origin}/api/v1/token` };
    await writeApp(join(root, `team/app-${at}`), env, { ...credentials, AZURE_APP_CLIENT_ID: `entra-${at}` });
  }
  await startDaemon(t, root);
  for (const origin of origins) {
    const config = await openid.discovery(new URL(`${origin}/oauth2/entra_id`), 'whoever', undefined, openid.None(), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    });
    assert.equal(config.serverMetadata().token_endpoint, `${origin}/oauth2/entra_id/token`);
    await openid.clientCredentialsGrant(config, { scope: 'c:n:a' });
  }
  assert.deepEqual(
    provider.forms.map((form) => form.get('client_id')),
    ['entra-0', 'entra-1'],
  );
});
