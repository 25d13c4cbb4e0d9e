import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { API, CALLBACK, CLOSED, DESK, employeeToken, MIDDLE, startDesk, thumbprint } from './desk.ts';
import type { Desk } from './desk.ts';
import { skipWithout } from './packages.ts';
import { browserUpTo, signInFor } from './person.ts';
import { SECRET } from './rows.ts';

/** Python 3 as Debian has it, with the package python3-msal. */
const PYTHON = '/usr/bin/python3';
const OPTIONS = {
  skip: skipWithout('python3-msal', [PYTHON, '/usr/lib/python3/dist-packages/msal/__init__.py']),
  timeout: 60_000,
};

let desk: Desk;
before(async () => {
  desk = await startDesk();
});
after(() => desk.providers.close());

type Answer = Readonly<Record<string, unknown>>;

function msal(order: Answer, caFile: string = desk.providers.caFile): Promise<Answer> {
  const script = fileURLToPath(new URL('python-msal.py', import.meta.url));
  const env = { PATH: process.env['PATH'], REQUESTS_CA_BUNDLE: caFile };
  return new Promise((resolve, reject) => {
    const child = execFile(PYTHON, ['-B', script], { env }, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(error);
    });
    const { authority } = desk;
    child.stdin?.end(JSON.stringify({ client_id: DESK, authority, credential: SECRET, ...order }));
  });
}

function text(answer: Answer, member: string): string {
  const value = answer[member];
  assert.ok(typeof value === 'string', JSON.stringify(answer));
  return value;
}

const API_SCOPE = [`api://${API}/.default`];

test('judges-python3-msal: gets an application token with a secret', OPTIONS, async () => {
  const answer = await msal({ call: 'client-credentials', scopes: API_SCOPE });
  assert.partialDeepStrictEqual(decodeJwt(text(answer, 'access_token')), {
    aud: API,
    azp: DESK,
    azpacr: '1',
    idtyp: 'app',
  });
});

test(
  'judges-python3-msal: gets one with a certificate named by its SHA-1 thumbprint, and with x5c beside',
  OPTIONS,
  async () => {
    const key = { thumbprint: thumbprint(desk, 'sha1'), private_key: desk.keyPem };
    for (const credential of [key, { ...key, public_certificate: desk.certificatePem }]) {
      const answer = await msal({ call: 'client-credentials', scopes: API_SCOPE, credential });
      assert.equal(decodeJwt(text(answer, 'access_token'))['azpacr'], '2');
    }
  },
);

test('judges-python3-msal: exchanges a user token On-Behalf-Of', OPTIONS, async () => {
  const assertion = await employeeToken(desk);
  const answer = await msal({ call: 'on-behalf-of', client_id: MIDDLE, scopes: API_SCOPE, assertion });
  const claims = decodeJwt(text(answer, 'access_token'));
  assert.partialDeepStrictEqual(claims, { aud: API, azp: MIDDLE, oid: decodeJwt(assertion)['oid'] });
});

test('judges-python3-msal: signs an employee in by code and PKCE, and refreshes', OPTIONS, async () => {
  const scopes = [`api://${MIDDLE}/.default`];
  const flow = await msal({ call: 'begin', scopes, redirect_uri: CALLBACK });
  const callback = await signInFor(browserUpTo(CALLBACK, desk.providers.browse), text(flow, 'auth_uri'));
  const answer = await msal({
    call: 'code',
    flow,
    answer: Object.fromEntries(callback.searchParams),
    renew: API_SCOPE,
  });
  assert.equal(decodeJwt(text(answer, 'id_token')).aud, DESK);
  assert.equal(decodeJwt(text(answer, 'access_token')).aud, MIDDLE);
  const { renewed } = answer;
  assert.ok(typeof renewed === 'object' && renewed !== null, JSON.stringify(answer));
  assert.equal(decodeJwt(text({ ...renewed }, 'access_token')).aud, API, 'one refresh token serves every API');
});

test('judges-python3-msal: shows the numbers of refusals', OPTIONS, async () => {
  const closed = await msal({ call: 'client-credentials', scopes: [`api://${CLOSED}/.default`] });
  assert.deepEqual([closed['error'], closed['error_codes']], ['invalid_grant', [501051]]);
  const wrong = await msal({ call: 'client-credentials', scopes: API_SCOPE, credential: 'wrong' });
  assert.deepEqual([wrong['error'], wrong['error_codes']], ['invalid_client', [7000215]]);
});

test('judges-python3-msal: does not speak to the local Entra ID unless it was told of the CA', OPTIONS, async () => {
  const unknowing = msal({ call: 'client-credentials', scopes: API_SCOPE }, '/etc/ssl/certs/ca-certificates.crt');
  await assert.rejects(unknowing, /CERTIFICATE_VERIFY_FAILED|certificate verify failed|CA certificate|TLS CA/);
});
