import assert from 'node:assert/strict';
import test from 'node:test';
import { CLAIMS, makeKeys, mint } from '../testing/fixtures.ts';
import type { TokenKind } from '../testing/fixtures.ts';
import { codeOf, KINDS, makeAuth } from '../testing/auth.ts';

const keys = await makeKeys();

const TEXT = ['a text', 7];
const TEXTS = [
  ['one', 'two'],
  ['one', 7],
];
const TIME = [1_800_000_000, '1800000000'];
const OBJECT = [{ a: 1 }, ['a']];
const OBJECTS = [[{ a: 1 }], [{ a: 1 }, 'b']];
const ORGANISATION = [{ authority: 'iso6523-actorid-upis', ID: '0192:310000019' }, { ID: '9908:310000019' }];

/** A value of the right type and one of a wrong one, for each claim that may be left out. */
type Optional = Readonly<Record<string, readonly unknown[]>>;

const ENTRA: Optional = { roles: TEXTS, azp_name: TEXT, azpacr: TEXT, uti: TEXT };
const TOKENX: Optional = { azp: TEXT, act: OBJECT, scope: TEXT, roles: TEXTS };
const OPTIONAL: Readonly<Record<TokenKind, Optional>> = {
  'entra-user': {
    ...ENTRA,
    groups: TEXTS,
    _claim_names: OBJECT,
    NAVident: TEXT,
    name: TEXT,
    preferred_username: TEXT,
    sid: TEXT,
  },
  'entra-machine': ENTRA,
  'tokenx-user': { ...TOKENX, pid: TEXT, acr: TEXT, auth_time: TIME },
  'tokenx-machine': TOKENX,
  idporten: { pid: TEXT, amr: TEXTS, client_amr: TEXT, consumer: OBJECT, token_type: TEXT },
  maskinporten: {
    aud: TEXTS,
    supplier: ORGANISATION,
    delegation_source: TEXT,
    authorization_details: OBJECTS,
    pid: TEXT,
    client_amr: TEXT,
    token_type: TEXT,
  },
  oidc: { jti: TEXT, scope: TEXT },
};

/** Claims without which there is no such token; `iss`, `exp` and `iat` are the same for all. */
const REQUIRED: Readonly<Record<TokenKind, readonly string[]>> = {
  'entra-user': ['aud', 'nbf', 'oid', 'tid', 'azp', 'sub', 'ver'],
  'entra-machine': ['aud', 'nbf', 'oid', 'tid', 'azp', 'sub', 'ver'],
  'tokenx-user': ['aud', 'nbf', 'jti', 'sub', 'idp'],
  'tokenx-machine': ['aud', 'nbf', 'jti', 'sub'],
  idporten: ['aud', 'jti', 'sub', 'acr'],
  maskinporten: ['jti'],
  oidc: ['aud', 'sub'],
};

for (const kind of KINDS) {
  test(`each claim of ${kind} that may be left out has its type if it is there (5.1)`, async (t) => {
    const { auth } = makeAuth(t, keys);
    const verdict = async (claims: object): Promise<unknown> =>
      await codeOf(auth, await mint({ ...CLAIMS[kind], ...claims }, keys.issuer));
    for (const [name, [right, wrong]] of Object.entries(OPTIONAL[kind])) {
      assert.equal(typeof (await verdict({ [name]: right })), 'object', `${name} as it has to be`);
      assert.equal(typeof (await verdict({ [name]: undefined })), 'object', `no ${name}`);
      assert.equal(await verdict({ [name]: wrong }), 'claim_invalid', `${name} of a wrong type`);
    }
  });

  test(`${kind} is refused without any claim it has to have (5.1)`, async (t) => {
    const { auth } = makeAuth(t, keys);
    for (const name of REQUIRED[kind]) {
      const token = await mint({ ...CLAIMS[kind], [name]: undefined }, keys.issuer);
      assert.equal(await codeOf(auth, token), 'claim_missing', name);
    }
  });
}

test('a consumer is an organisation by its number (5.1)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const wrong = [{}, { ID: 7 }, { ID: '310000019' }, { ID: '9908:310000019' }, 'x0192:310000019', ['0192:310000019']];
  for (const consumer of wrong) {
    const token = await mint({ ...CLAIMS.maskinporten, consumer }, keys.issuer);
    assert.equal(await codeOf(auth, token), 'claim_invalid', JSON.stringify(consumer));
  }
});

test('idtyp makes a machine with the value app only (2.4)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const kindOf = async (claims: object): Promise<unknown> => {
    const verdict = await codeOf(auth, await mint(claims, keys.issuer));
    return typeof verdict === 'object' ? verdict.kind : verdict;
  };
  for (const idtyp of ['user', 'App', '', true, ['app']]) {
    assert.equal(await kindOf({ ...CLAIMS['entra-user'], idtyp }), 'user', JSON.stringify(idtyp));
    assert.equal(await kindOf({ ...CLAIMS['tokenx-user'], idtyp }), 'user', JSON.stringify(idtyp));
    assert.equal(await kindOf({ ...CLAIMS['entra-machine'], idtyp }), 'type_refused', JSON.stringify(idtyp));
  }
});

test('scopes are split on spaces, and more than one space makes no scope of nothing (5.1)', async (t) => {
  const { auth } = makeAuth(t, keys);
  const verdict = await codeOf(auth, await mint({ ...CLAIMS.idporten, scope: ' openid  profile ' }, keys.issuer));
  assert.deepEqual(typeof verdict === 'object' && verdict.scopes, ['openid', 'profile']);
});
