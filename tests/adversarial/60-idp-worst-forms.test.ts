import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeChallenge } from '../../src/oauth/pkce.ts';
import { TEMPLATES } from './60-idp-templates.ts';
import { openProviders } from './60-idp-world.ts';
import type { Message, Providers } from './60-idp-world.ts';
import { cpuMs, leastMs, MAX_CPU_MS, UNITS as COMMON_UNITS } from './60-odd.ts';

const FORM_BYTES = 64 * 1024;
const TARGET_BYTES = 8 * 1024;
const TRIES = 5;

const UNITS = [...COMMON_UNITS, '-', '_', '9', 'é '];
const NAMES = [
  'scope',
  'claims',
  'authorization_details',
  'client_id',
  'client_assertion',
  'assertion',
  'redirect_uri',
  'login_hint',
  'ui_locales',
  'acr_values',
  'prompt',
  'resource',
  'state',
  'code_verifier',
  'pid',
  'q',
  'id_token_hint',
  'token',
];

let providers: Providers;
before(async () => {
  providers = await openProviders();
});
after(() => providers.close());

function cpuOf(message: Message): Promise<number> {
  return cpuMs(async () => {
    const { status } = await providers.send(message);
    assert.ok(status < 500, `${message.target.slice(0, 60)} ${status}`);
  });
}

test('T60 no form or query of legal size takes any persona more than 50 ms', async () => {
  const seen = new Set<string>();
  for (const { at, method, path, query, form } of TEMPLATES) {
    const fields = query ?? form;
    if (fields === undefined || seen.has(`${at} ${method} ${path}`)) continue;
    seen.add(`${at} ${method} ${path}`);
    const challenge = ['code_challenge', codeChallenge('v'.repeat(43))] as const;
    for (const name of NAMES) {
      for (const unit of UNITS) {
        const others = [...fields.filter(([each]) => each !== name && each !== 'code_challenge'), challenge];
        const start = others.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
        const most = (method === 'GET' ? TARGET_BYTES - path.length - 1 : FORM_BYTES) - start.length - name.length - 2;
        const encoded = encodeURIComponent(unit);
        const text = `${start}&${name}=${encoded.repeat(Math.floor(most / encoded.length))}`;
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const message: Message =
          method === 'GET'
            ? { at, method, target: `${path}?${text}`, headers, body: undefined }
            : { at, method, target: path, headers, body: text };
        const least = await leastMs(TRIES, () => cpuOf(message));
        assert.ok(least <= MAX_CPU_MS, `${at} ${method} ${path} ${name}=${unit}…: ${least} ms`);
      }
    }
  }
});
