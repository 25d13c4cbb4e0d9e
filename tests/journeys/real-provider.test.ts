import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { idportenRegistration } from '../../src/idp/testing/registrations.ts';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import { type Providers, startProviders } from '../strangers/providers.ts';
import { client, rows } from '../strangers/rows.ts';
import { createBrowser } from './browser.ts';
import { readChain } from './chain.ts';
import { copyExamples, freeOffset, isFree, type Platform, removeCopy, startPlatform } from './platform.ts';
import { signIn } from './sign-in.ts';

/*
 * "Any of the local providers can be replaced by the real one": here the real ID-porten is one that this platform did not start
 * and that knows nothing of it but one client, registered for the address at which the portal is served.
 */
const CLIENT_ID = 'a1b2c3d4-registered-elsewhere';
let theirs: Providers;
let ours: Platform;
let dir: string;
let offset: number;

before(async () => {
  dir = copyExamples();
  offset = await freeOffset();
  const portal = `http://localhost:${7530 + offset}`;
  const jwk = await generatePrivateJwk('RS256');
  const registration = idportenRegistration({
    redirectUris: [`${portal}/oauth2/callback`],
    postLogoutRedirectUris: [`${portal}/oauth2/logout/callback`],
  });
  theirs = await startProviders(rows([client('portal', CLIENT_ID, { keys: [publicJwk(jwk)], registration })]));

  const external = join(dir, '.fullmakt', 'external', 'permits');
  mkdirSync(external, { recursive: true });
  const credentials = `IDPORTEN_CLIENT_ID=${CLIENT_ID}\nIDPORTEN_CLIENT_JWK='${JSON.stringify(jwk)}'\n`;
  writeFileSync(join(external, 'citizen-portal.env'), credentials);
  const wellKnown = `${theirs.issuers.idporten}/.well-known/openid-configuration`;
  ours = await startPlatform(dir, offset, { FULLMAKT_UP_IDPORTEN_WELL_KNOWN_URL: wellKnown });
});

after(async () => {
  await ours?.stop();
  await theirs?.close();
  removeCopy(dir);
});

test('a citizen signs in at the provider that the settings name, and the whole chain accepts it', async () => {
  const page = await signIn(createBrowser(), ours.url('citizen-portal'), '01819090285', 'substantial');
  const { tokenx } = ours.summary.services;
  assert.deepEqual(
    readChain(page).map((hop) => hop.issuer),
    [theirs.issuers.idporten, tokenx.issuer, tokenx.issuer],
  );
});

test('the local one is not started beside it', async () => {
  assert.equal(await isFree(7410 + offset), true);
});
