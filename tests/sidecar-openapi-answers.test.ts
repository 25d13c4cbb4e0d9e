import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRANT } from '../src/oauth/client-assertion.ts';
import { temporaryFolder } from '../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, testEnv } from '../src/sidecar/testing/sidecar.ts';
import type { FakeProvider } from '../src/sidecar/testing/sidecar.ts';
import { json } from '../src/web/http.ts';
import { startSidecarCommand } from './servers/sidecar-command.ts';
import { described, fitting, operations, validator } from './sidecar-openapi-document.ts';
import type { Operation, Placed } from './sidecar-openapi-document.ts';

const FORM = 'application/x-www-form-urlencoded';

function operationOf(id: string): Placed {
  return operations.find(({ operation }) => operation.operationId === id) ?? assert.fail(id);
}

test('requests of the document, sent to a sidecar, are answered as the document says', async (t) => {
  const keys = await makeKeys();
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecarCommand({
    ...testEnv(provider.origin, keys),
    FULLMAKT_SIDECAR_SECRET_DIRS: temporaryFolder(t),
  });
  t.after(() => sidecar.stop());
  const seen = new Map<string, Set<string>>();

  async function check(operation: Operation, url: string, init: RequestInit = {}): Promise<string> {
    const response = await fetch(url, init);
    const text = await response.text();
    const said = `${operation.operationId}: ${response.status} ${text}`;
    const answer = operation.responses[response.status] ?? operation.responses['default'];
    assert.ok(answer !== undefined, said);
    const [media] = (response.headers.get('content-type') ?? '').split(';');
    const content = answer.content?.[media ?? ''];
    assert.equal(content === undefined, text === '', said);
    if (content === undefined) return String(response.status);
    const value: unknown = media === 'application/json' ? JSON.parse(text) : text;
    assert.ok(validator(content.schema).safeParse(value).success, said);
    if (typeof value !== 'object' || value === null) return String(response.status);
    const fits = fitting(content.schema, value);
    const [name = ''] = fits;
    assert.notEqual(name, '', said);
    const names = seen.get(name) ?? new Set();
    seen.set(name, names);
    for (const member of Object.keys(value)) names.add(member);
    return `${response.status} ${name}`;
  }

  const place = ({ path, isProbe }: Placed, name: string): string =>
    (isProbe ? sidecar.probes : sidecar.origin) + path.replace('{provider}', name.replace('_user', ''));
  const send = (operation: Operation, url: string, type: string, value: object): Promise<string> => {
    const body = type === FORM ? new URLSearchParams(Object.entries(value)).toString() : JSON.stringify(value);
    return check(operation, url, { method: 'POST', headers: { 'content-type': type }, body });
  };
  await t.test('every example fits its schema and is served', async () => {
    let sent = 0;
    for (const each of operations) {
      const { operation } = each;
      for (const [type, { schema, examples = {} }] of Object.entries(operation.requestBody?.content ?? {})) {
        for (const [name, { value }] of Object.entries(examples)) {
          assert.ok(validator(schema).safeParse(value).success, `${operation.operationId} ${name}`);
          const url = place(each, name === 'token' ? 'tokenx' : name);
          assert.match(await send(operation, url, type, value), /^200 /, `${operation.operationId} ${name}`);
          sent += 1;
        }
      }
      if (operation.requestBody !== undefined) continue;
      assert.match(await check(operation, place(each, 'tokenx')), /^200/, operation.operationId);
      sent += 1;
    }
    assert.ok(sent >= 20, `only ${sent}`);
  });

  await t.test('so are good tokens, and requests that are refused', async () => {
    const token = await good(provider);
    const [introspect, any] = [operationOf('introspect'), operationOf('oauthIntrospectAny')];
    const ours = { identity_provider: 'tokenx', token };
    assert.equal(
      await send(introspect.operation, place(introspect, 'tokenx'), 'application/json', ours),
      '200 GoodToken',
    );
    assert.equal(await send(any.operation, place(any, 'tokenx'), FORM, { token }), '200 ActiveToken');
    for (const each of operations) {
      const { operation } = each;
      if (operation.requestBody === undefined) continue;
      assert.match(await send(operation, place(each, 'tokenx'), 'text/plain', {}), /^400 (OAuth)?Error$/);
      assert.match(await send(operation, place(each, 'tokenx'), FORM, {}), /^400 (OAuth)?Error$/);
      assert.equal(
        await check(operation, place(each, 'tokenx'), { method: 'POST', headers: { origin: 'http://a' } }),
        '403 Error',
      );
      if (each.path.includes('{provider}')) assert.equal(await send(operation, place(each, 'nobody'), FORM, {}), '404');
    }
  });

  await t.test('so is what a provider refuses, or cannot say', async () => {
    const [token, oauth] = [operationOf('token'), operationOf('oauthToken')];
    const ask = async (target: string): Promise<readonly string[]> => [
      await send(token.operation, place(token, ''), FORM, { identity_provider: 'maskinporten', target }),
      await send(oauth.operation, place(oauth, 'maskinporten'), FORM, {
        grant_type: GRANT.clientCredentials,
        scope: target,
      }),
    ];
    provider.answer = () => json(401, { error: 'invalid_client' });
    assert.deepEqual(await ask('a'), ['401 Error', '400 OAuthError']);
    provider.answer = () => json(429, { error: 'slow_down' }, { 'Retry-After': '1' });
    assert.deepEqual(await ask('b'), ['429 Error', '429 OAuthError']);
    provider.answer = () => json(200, { token: 'none' });
    assert.deepEqual(await ask('c'), ['500 Error', '503 OAuthError']);
  });

  await t.test('every member that is described was there, and none beside them', () => {
    const closed = [
      'Token',
      'ExchangedToken',
      'BadToken',
      'InactiveToken',
      'Error',
      'OAuthError',
      'Metadata',
      'Readiness',
    ];
    for (const name of closed) assert.deepEqual([...(seen.get(name) ?? [])].toSorted(), described(name)[0], name);
    for (const name of ['GoodToken', 'ActiveToken']) {
      for (const member of described(name)[0]) assert.ok(seen.get(name)?.has(member), `${name} ${member}`);
    }
  });
});

function good(provider: FakeProvider): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: `${provider.origin}/tokenx`, aud: 'local:fleet:api', iat, exp: iat + 600 };
  return provider.mint({ ...claims, client_id: 'caller', scope: 'a b' });
}
