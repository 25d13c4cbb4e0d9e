import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { parseCompactJws } from '../../src/oauth/jws.ts';
import { anyPrincipal, create, fromEnv } from '../../src/sdk/index.ts';
import { START } from '../../src/sidecar/testing/sidecar.ts';
import { dearJson } from './60-dear-json.ts';
import { cpuMs, leastMs, MAX_CPU_MS, UNITS } from './60-odd.ts';
import { openBoth } from './60-sidecar-world.ts';
import { b64 } from './malformed/template.ts';
import { postTo } from './sidecar-alone.ts';
import { wholeFile } from './whole-file.ts';

/* The dearest requests of legal size at the sidecar, and the dearest texts in the library. */

const BODY_BYTES = 64 * 1024;
const TOKEN_BYTES = 16 * 1024;
const TRIES = 6;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

const { keys, sidecar, auth, claims: CLAIMS, signed, good: GOOD } = await openBoth(wholeFile());

async function cheap(what: string, attempt: () => Promise<unknown>): Promise<void> {
  const least = await leastMs(TRIES, () => cpuMs(attempt));
  assert.ok(least <= MAX_CPU_MS, `${what}: ${least} ms`);
}

function sends(path: string, body: string, type: string): () => Promise<void> {
  return async () => {
    const { status } = await postTo(sidecar.origin, path, body, { 'content-type': type });
    assert.ok(status < 500, `${path}: ${status}`);
  };
}

for (const [path, fields] of Object.entries(GOOD)) {
  test(`T60 sidecar: no form and no JSON of 64 KiB costs more than ${MAX_CPU_MS} ms: ${path}`, async () => {
    for (const name of [...Object.keys(fields), 'unknown']) {
      const { [name]: _replaced, ...rest } = fields;
      const start = `${new URLSearchParams(rest).toString()}&${name}=`;
      for (const unit of UNITS) {
        const text = encodeURIComponent(unit);
        const body = start + text.repeat(Math.floor((BODY_BYTES - start.length) / text.length));
        await cheap(`${name}=${unit}…`, sends(path, body, FORM_TYPE));
      }
      const before = JSON.stringify(rest).slice(0, -1);
      for (const [index, text] of dearJson(BODY_BYTES - before.length - 40).entries())
        await cheap(`${name} #${index}`, sends(path, `${before},"${name}":${text}}`, JSON_TYPE));
    }
    for (const text of dearJson(BODY_BYTES)) await cheap(text.slice(0, 20), sends(path, text, JSON_TYPE));
    for (const unit of ['&', 'a=b&', '%', 'a', '=', '+', '%00'])
      await cheap(unit, sends(path, unit.repeat(Math.floor(BODY_BYTES / unit.length)), FORM_TYPE));
  });
}

/** Tokens of 16 KiB, signed rightly or not at all. */
function dearTokens(): readonly string[] {
  const room = Math.floor(((TOKEN_BYTES - 900) * 3) / 4);
  const texts = dearJson(room).flatMap((text) => {
    const part = b64(text.slice(0, room)).slice(0, TOKEN_BYTES - 60);
    return [
      `${part}.e30.AA`,
      `eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.${part}.AA`,
      `eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.${part}`,
    ];
  });
  const inner = JSON.stringify(CLAIMS).slice(0, -1);
  const claims = dearJson(10_000).map((text) => signed(`${inner},"x":${text}}`));
  const lists = [
    { aud: Array<string>(2000).fill('a:b') },
    { scope: 'a '.repeat(5000) },
    { roles: Array<string>(2000).fill('a') },
  ];
  return [...texts, ...claims, ...lists.map((more) => signed(JSON.stringify({ ...CLAIMS, ...more })))];
}

test(`T60 sidecar and SDK: no token of 16 KiB costs more than ${MAX_CPU_MS} ms, judged, exchanged or in a header`, async () => {
  for (const [index, token] of dearTokens().entries()) {
    await cheap(
      `introspect #${index}`,
      sends('/api/v1/introspect', JSON.stringify({ identity_provider: 'tokenx', token }), JSON_TYPE),
    );
    const asked = { identity_provider: 'tokenx', target: `t-${index}`, user_token: token };
    await cheap(`exchange #${index}`, sends('/api/v1/token/exchange', JSON.stringify(asked), JSON_TYPE));
    await cheap(`validate #${index}`, () => auth.validate(token));
    await cheap(`authenticate #${index}`, () =>
      auth.authenticate({ headers: { authorization: `Bearer ${token}` } }, anyPrincipal),
    );
  }
});

test(`T60 SDK: no header, variable, key set or compact text of 64 KiB costs more than ${MAX_CPU_MS} ms`, async () => {
  for (const unit of [...UNITS, ',', 'Bearer ', 'bearer a,', '"', ';', '\u00a0']) {
    const text = unit.repeat(Math.floor(BODY_BYTES / unit.length));
    const headers = [text, `Bearer ${text}`, `${text}Bearer x`];
    for (const authorization of headers)
      await cheap(`authorization ${unit}`, () => auth.authenticate({ headers: { authorization } }, anyPrincipal));
    await cheap(`validate ${unit}`, () => auth.validate(text));
    await cheap(`compact ${unit}`, () =>
      Promise.resolve()
        .then(() => parseCompactJws(text))
        .catch(() => undefined),
    );
    for (const name of [
      'FULLMAKT_ISSUERS',
      'AZURE_APP_PRE_AUTHORIZED_APPS',
      'FULLMAKT_INBOUND_APPS',
      'TOKEN_X_WELL_KNOWN_URL',
      'FULLMAKT_ALLOW_LOCAL_PROVIDERS',
    ]) {
      await cheap(`${name} ${unit}`, () =>
        Promise.resolve()
          .then(() =>
            fromEnv({
              env: { TOKEN_X_CLIENT_ID: 'a:b:c', TOKEN_X_WELL_KNOWN_URL: 'https://x.test', [name]: text },
            }).close(),
          )
          .catch(() => undefined),
      );
    }
  }
  for (const [index, text] of dearJson(BODY_BYTES).entries()) {
    const fetched = (): Promise<Response> =>
      Promise.resolve(new Response(`{"keys":[${JSON.stringify(publicJwk(keys.issuerJwk))},${text}]}`));
    await cheap(`key set #${index}`, async () => {
      const one = create(
        [{ provider: 'tokenx', issuer: CLAIMS.iss, keys: { jwksUri: 'https://x.test/jwks' }, audience: ['a'] }],
        { env: { FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' }, fetch: fetched, clock: () => START },
      );
      await one.ready();
      one.close();
    });
  }
});
