import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createBrowser } from './browser.ts';
import { readChain, readRefusals } from './chain.ts';
import { copyExamples, freeOffset, type Platform, removeCopy, startPlatform } from './platform.ts';
import { signIn } from './sign-in.ts';
import { until } from '../until.ts';

/* What the README asks a new user to do: change a manifest while everything runs, and see it act. */
let platform: Platform;
let dir: string;

before(async () => {
  dir = copyExamples();
  platform = await startPlatform(dir, await freeOffset());
});

after(async () => {
  await platform?.stop();
  removeCopy(dir);
});

function edit(manifest: string, from: string, to: string): void {
  const file = join(dir, manifest);
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from), `${manifest} holds no ${from}`);
  writeFileSync(file, text.replace(from, to));
}

async function atLast<T>(what: string, attempt: () => Promise<T | false | undefined>): Promise<T> {
  return await until(() => attempt().catch(() => undefined), what);
}

test('raising the level in the manifest asks for a new sign-in, and then the refused page works', async () => {
  const browser = createBrowser();
  const sign = `${platform.url('citizen-portal')}/sign`;
  const pid = platform.summary.people[0]?.pid ?? '';
  await signIn(browser, platform.url('citizen-portal'), pid, 'substantial');
  assert.match(readRefusals(await browser.open(sign))[0] ?? '', /acr_too_low/);

  edit('permits/citizen-portal.yaml', 'level: idporten-loa-substantial', 'level: idporten-loa-high');
  const signInPage = await atLast('ID-porten is asked for the higher level', async () => {
    const page = await browser.open(sign);
    return page.html.includes('id="fm-login"') ? page : undefined;
  });
  const page = await browser.submit(signInPage, 'fm-login', { person: pid, acr: 'high' }, 'fm-continue');
  assert.equal(page.url, sign, 'back where the user wanted to go');
  assert.equal(readChain(page).length, 3);
});

test('adding the line that the terminal names lets the stranger in; taking it away shuts it out again', async () => {
  const browser = createBrowser();
  const url = platform.url('stranger');
  await signIn(browser, url, platform.summary.people[0]?.pid ?? '', 'high');
  const notice = await platform.noticed(
    /add `(- \{application: stranger[^`]*)` under spec\.accessPolicy\.inbound\.rules/,
  );
  const rule = /`([^`]+)`/.exec(notice)?.[1] ?? '';

  edit(
    'registry/register-api.yaml',
    '        - application: register-audit',
    `        ${rule}\n        - application: register-audit`,
  );
  await atLast('both attempts succeed', async () => (await refusals()) === 0);
  edit('registry/register-api.yaml', `        ${rule}\n`, '');
  await atLast('new tokens are refused again', async () => (await refusals()) > 0);

  async function refusals(): Promise<number> {
    const page = await browser.open(url);
    assert.equal(page.status, 200);
    return readRefusals(page).length;
  }
});

test('a new manifest in the folder is an app with an environment and a sidecar of its own', async () => {
  const manifest = join(dir, 'permits', 'newcomer.yaml');
  writeFileSync(
    manifest,
    'apiVersion: fullmakt.dev/v1\nkind: Application\nmetadata: {name: newcomer}\nspec: {tokenx: {enabled: true}}\n',
  );
  const file = join(platform.summary.stateDir, 'run', 'permits', 'newcomer', 'env.json');
  const env = await atLast('its environment is written', async () => JSON.parse(readFileSync(file, 'utf8')));
  assert.equal(env.NAIS_CLIENT_ID, 'local:permits:newcomer');
  const answer = await atLast('its sidecar answers', () => fetch(env.NAIS_TOKEN_ENDPOINT, { method: 'POST' }));
  assert.equal(answer.status, 400);
});
