import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createBrowser } from '../journeys/browser.ts';
import { freeOffset, startPlatform } from '../journeys/platform.ts';
import { signIn } from '../journeys/sign-in.ts';

/** Starts everything on a folder with the manifests and code of the pages: the applications reach each other, and refusals are of the kinds the pages name. */
export async function assertPlatform(t: TestContext, folder: string): Promise<void> {
  addStranger(join(folder, 'demo'));
  const platform = await startPlatform(folder, await freeOffset());
  t.after(() => platform.stop());
  const page = await signIn(createBrowser(), platform.url('case-web'), '01819090285', 'high');
  assert.match(page.html, /"pid":"01819090285","caller":"local:demo:case-web"/, platform.notices());
  const of = async (name: string): Promise<unknown> => await (await fetch(platform.app(name).app)).json();
  assert.deepEqual(await of('case-job'), { status: 200, report: { caller: 'local:demo:case-job' } });
  assert.deepEqual(await of('case-feed'), { organisation: '310000019', scopes: ['example:cases:read'] });
  assert.deepEqual(await of('stranger'), { error: 'policy' });

  const refused = (name: string, path: string, body: object): Promise<string> =>
    refusal(`${platform.app(name).sidecar}/api/v1/token${path}`, body);
  const entra = { identity_provider: 'entra_id', target: 'local:demo:nobody' };
  assert.equal(await refused('case-job', '', entra), 'invalid_resource: request');
  const feed = { identity_provider: 'maskinporten', target: 'example:cases:write' };
  assert.equal(await refused('case-feed', '', feed), 'invalid_scope: request');
  const secret = { identity_provider: 'maskinporten', target: 'example:secrets:read' };
  assert.equal(await refused('stranger', '', secret), 'forbidden: policy');
  for (const target of ['local:demo:case-api', 'local:demo:nobody']) {
    const exchange = { identity_provider: 'tokenx', target, user_token: 'x' };
    assert.equal(await refused('stranger', '/exchange', exchange), 'invalid_target: policy');
  }
  const unfit = { identity_provider: 'tokenx', target: 'local:demo:case-api', user_token: 'x' };
  assert.equal(await refused('case-web', '/exchange', unfit), 'invalid_request: request');
}

/** The error of a sidecar, and what kind of refusal it says that is. */
async function refusal(url: string, body: object): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return `${Object(await answer.json()).error}: ${answer.headers.get('Fullmakt-Refusal')}`;
}

/** One more, whom no inbound rule names and no scope is granted to; and a scope that only others are granted. */
function addStranger(folder: string): void {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const clients = `tokenx:
    enabled: true
  maskinporten:
    enabled: true
    scopes:
      consumes:
        - name: example:secrets:read
  azure:`;
  writeFileSync(join(folder, 'stranger.ts'), read('case-job.ts'));
  writeFileSync(
    join(folder, 'stranger.yaml'),
    read('case-job.yaml').replaceAll('case-job', 'stranger').replace('azure:', clients),
  );
  const secrets = read('case-archive.yaml')
    .replace('name: case-archive', 'name: secrets')
    .replace('product: cases', 'product: secrets');
  writeFileSync(join(folder, 'secrets.yaml'), secrets.replace('"310000019"', '"310000027"'));
}
