import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import type { Client } from '../../registry/model.ts';
import { createMemoryReplay } from '../../store/replay-memory.ts';
import type { ReplayStore } from '../../store/replay.ts';
import { openMachines } from '../testing/machines.ts';
import { claimsOf, createWorld, ISSUER, START, testGrant } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const { keys, world, appOf, clientOf, ask, hop } = await openMachines();
after(() => world.close());

const api = { audience: 'dev:fleet:api' };
const reasonOf = ({ body }: Answer): unknown => body['fm_reason'] ?? 'issued';
const scopeOf = (answer: Answer): unknown =>
  answer.status === 200 ? [claimsOf(answer)['scope'], answer.body['scope']] : reasonOf(answer);
const tokenOf = (answer: Answer): string =>
  answer.status === 200 ? String(answer.body['access_token']) : assert.fail(answer.text);

test('M3: a token for the caller itself says so: sub, client_id and azp are the caller, idtyp is app, and no user or actor is in it', async () => {
  const answer = await ask('batch', { ...api, scope: 'les' });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const { access_token: _token, ...shown } = answer.body;
  assert.deepEqual(shown, { token_type: 'Bearer', expires_in: 900, scope: 'les' });
  const { jti, ...claims } = claimsOf(answer);
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  const { now } = world.clock;
  assert.deepEqual(claims, {
    iss: ISSUER,
    aud: 'dev:fleet:api',
    sub: 'dev:fleet:batch',
    client_id: 'dev:fleet:batch',
    azp: 'dev:fleet:batch',
    idtyp: 'app',
    scope: 'les',
    roles: ['batch', 'nattlig'],
    iat: now,
    nbf: now,
    exp: now + 900,
  });
});

test('M1: the grant is off unless the manifest turns it on, and token exchange too once the manifest lists grants', async () => {
  assert.equal(reasonOf(await ask('web', api)), 'grant-not-allowed');
  assert.equal(reasonOf(await ask('none', api)), 'grant-not-allowed');
  assert.equal(reasonOf(await hop('none', 'api', await world.subject())), 'grant-not-allowed');
  const refused = await hop('only', 'api', await world.subject());
  assert.deepEqual(
    [refused.status, refused.body['error'], reasonOf(refused)],
    [400, 'unauthorized_client', 'grant-not-allowed'],
  );
  assert.equal(refused.body['error_description'], 'dev:fleet:only may not use this grant');
  assert.equal(reasonOf(await ask('only', api)), 'issued');
  assert.equal(reasonOf(await hop('web', 'api', await world.subject())), 'issued');
});

test('M1: authentication, replay, policy, limits and records are those of the exchange', async () => {
  const client_assertion = await world.assertion({ claims: { iss: 'dev:fleet:batch', sub: 'dev:fleet:batch' } });
  assert.equal(reasonOf(await ask('batch', { client_assertion })), 'issued');
  const record = world.lastDecision() ?? assert.fail('no record');
  assert.deepEqual(
    [record.grant, record.decision, record.caller, record.target, record.scopes, record.act, record.subject],
    ['client_credentials', 'allow', 'dev:fleet:batch', 'dev:fleet:api', ['les', 'skriv'], undefined, undefined],
  );
  assert.equal(reasonOf(await ask('batch', { client_assertion })), 'client-replay', 'spent once');
  assert.equal(reasonOf(await hop('batch', 'api', await world.subject())), 'issued');
  assert.equal(
    reasonOf(await ask('batch', { client_assertion: await world.assertion({ key: keys.stranger }) })),
    'client-auth-failed',
  );
  assert.equal(
    reasonOf(await ask('batch', { client_assertion: undefined, client_assertion_type: undefined })),
    'client-auth-missing',
  );
  assert.equal(reasonOf(await ask('batch', { client_secret: 'x' })), 'client-auth-multiple');
});

test('M2: the target is audience or resource, else the default of the client, else there is none', async () => {
  const audOf = async (from: string, parameters: Readonly<Record<string, string | undefined>>): Promise<unknown> => {
    const answer = await ask(from, parameters);
    return answer.status === 200 ? claimsOf(answer)['aud'] : reasonOf(answer);
  };
  assert.equal(await audOf('batch', {}), 'dev:fleet:api');
  assert.equal(await audOf('batch', { audience: 'dev:fleet:echo' }), 'dev:fleet:echo', 'what is asked comes first');
  assert.equal(await audOf('plain', { resource: 'https://api.example.test/app/v1' }), 'dev:fleet:api');
  assert.equal(
    await audOf('batch', { audience: 'dev:fleet:echo', resource: 'https://api.example.test/app' }),
    'target-mismatch',
  );
  assert.equal(
    await audOf('batch', { resource: 'https://other.example.test/' }),
    'target-unknown',
    'never the default instead',
  );
  assert.equal(await audOf('batch', { resource: 'app' }), 'resource-invalid');
  const missing = await ask('plain');
  assert.deepEqual([missing.body['error'], reasonOf(missing)], ['invalid_request', 'parameter-missing']);
  assert.equal(await audOf('only', {}), 'target-unknown', 'a default that is gone');
});

test('M3, P6, P7: scope is what the rule gives, or what was asked of it', async () => {
  assert.deepEqual(scopeOf(await ask('batch')), ['les skriv', 'les skriv']);
  assert.deepEqual(scopeOf(await ask('batch', { scope: 'skriv' })), ['skriv', 'skriv']);
  assert.equal(scopeOf(await ask('batch', { scope: 'slett' })), 'scope-unknown');
  assert.equal(scopeOf(await ask('plain', { ...api, scope: 'les' })), 'scope-empty');
  const bare = await ask('plain', api);
  assert.deepEqual(scopeOf(bare), [undefined, undefined]);
  assert.ok(!('roles' in claimsOf(bare)), 'no roles, no claim');
  assert.deepEqual(scopeOf(await ask('batch', { audience: 'dev:fleet:echo', scope: 'hva' })), [undefined, 'hva']);
});

test('M3: the wishes of the audience count, and a limit on logins does not where nobody logged in', async () => {
  const claims = claimsOf(await ask('batch', { audience: 'dev:fleet:strict' }));
  assert.deepEqual([claims['idtyp'], claims['sub'], claims['azp']], ['app', 'dev:fleet:batch', undefined]);
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 60);
});

test('X08, P5, N07: an app gets a token for itself by an exact rule alone, and none for a target that is off or names it nowhere', async () => {
  assert.equal(reasonOf(await ask('plain', { audience: 'dev:fleet:plain' })), 'issued');
  assert.equal(reasonOf(await ask('batch', { audience: 'dev:fleet:batch' })), 'no-rule');
  assert.equal(reasonOf(await ask('batch', { audience: 'dev:fleet:store' })), 'wildcard-network-only');
  assert.equal(reasonOf(await ask('batch', { audience: 'dev:fleet:off' })), 'target-disabled');
  assert.equal(reasonOf(await ask('off', api)), 'client-auth-failed');
  assert.equal(reasonOf(await ask('batch', { audience: 'dev:fleet:ours' })), 'no-rule');
});

test('N06: what speaks of another token has no place beside client credentials', async () => {
  const token = await world.subject();
  for (const [name, value] of [
    ['subject_token', token],
    ['subject_token_type', TOKEN_TYPE.jwt],
    ['actor_token', token],
    ['actor_token_type', TOKEN_TYPE.jwt],
    ['requested_token_type', TOKEN_TYPE.accessToken],
  ] as const) {
    const answer = await ask('batch', { [name]: value });
    assert.equal(reasonOf(answer), 'unsupported-parameter', name);
    assert.match(String(answer.body['error_description']), new RegExp(`^${name} `));
    assert.equal(reasonOf(await ask('batch', { [name]: '' })), 'issued', `${name} without a value is absent`);
  }
});

test('J5, O3, A1, M3: the receiver may exchange such a token: sub stays the app, we are its idp, and the roles stay behind', async () => {
  const token = tokenOf(await ask('batch', { scope: 'les' }));
  const claims = claimsOf(await hop('api', 'store', token));
  assert.deepEqual(
    ['sub', 'client_id', 'idp', 'idtyp', 'act', 'scope', 'roles'].map((name) => claims[name]),
    ['dev:fleet:batch', 'dev:fleet:api', ISSUER, 'app', { sub: 'dev:fleet:api' }, 'les', undefined],
  );
  const limited = await hop('api', 'store', token, 'slett');
  assert.equal(reasonOf(limited), 'scope-empty', 'what the app was given is a limit');
  assert.equal(reasonOf(await hop('web', 'api', token)), 'subject-not-for-caller');
  assert.equal(
    reasonOf(await hop('batch', 'plain', token)),
    'subject-not-for-caller',
    'not even by the app it speaks of',
  );
});

test('J6: without a user our own name is the issuer: targets that take users of another alone do not take it', async () => {
  const token = tokenOf(await ask('batch'));
  assert.equal(reasonOf(await hop('api', 'picky', token)), 'target-issuer');
  assert.equal(reasonOf(await hop('api', 'ours', token)), 'issued');
  assert.equal(
    reasonOf(await ask('batch', { audience: 'dev:fleet:picky' })),
    'issued',
    'client credentials bring no user',
  );
});

test('G3, M1: what is taken back while the assertion is being spent gives no token', async (t) => {
  const memory = createMemoryReplay({ now: () => START });
  t.after(() => memory.close());
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const store: ReplayStore = {
    ...memory,
    async claim(key, expiresAt) {
      asked.resolve();
      await answer.promise;
      return memory.claim(key, expiresAt);
    },
  };
  const data = {
    apps: ['batch', 'api'].map(appOf),
    clients: ['batch', 'api'].map(clientOf),
    grants: [testGrant('batch', 'api')],
  };
  const own = await createWorld({ keys, store, data });
  t.after(() => own.close());
  const waiting = ask('batch', {}, own);
  await asked.promise;
  const revoked: Client = { ...clientOf('batch'), registration: { provider: 'tokenx', token: {} } };
  assert.equal(await own.registry.commit(own.registry.snapshot().version, { putClients: [revoked] }), 'ok');
  answer.resolve();
  assert.equal(reasonOf(await waiting), 'grant-not-allowed');
  assert.equal(own.lastDecision()?.version, own.registry.snapshot().version);
});
