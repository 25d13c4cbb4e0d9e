import assert from 'node:assert/strict';
import test from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import { parseJwt } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { START } from '../testing/fixtures.ts';
import { tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';

const JWK = JSON.stringify(await generatePrivateJwk('ES256', 'own-key'));
const WAYS: Readonly<Record<'direct' | 'sidecar', Readonly<Record<string, string>>>> = {
  direct: {
    MASKINPORTEN_CLIENT_ID: 'mp-client',
    MASKINPORTEN_CLIENT_JWK: JWK,
    MASKINPORTEN_ISSUER: 'https://maskinporten.test/',
    MASKINPORTEN_TOKEN_ENDPOINT: 'https://maskinporten.test/token',
  },
  sidecar: { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:1/api/v1/token' },
};

interface Way {
  readonly tokens: Tokens;
  /** The details of every request that went out. */
  readonly sent: unknown[];
}

function open(t: test.TestContext, via: keyof typeof WAYS, failures = 0): Way {
  const sent: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    assert.ok(typeof init?.body === 'string');
    const body =
      via === 'sidecar' ? parseStrictJson(init.body) : parseJwt(new URLSearchParams(init.body).get('assertion')).claims;
    sent.push(isJsonObject(body) ? body['authorization_details'] : undefined);
    if (sent.length <= failures) throw new TypeError('no connection');
    return Response.json({ access_token: `t${sent.length}`, token_type: 'Bearer', expires_in: 3600 });
  };
  const tokens = tokensFromEnv({ env: WAYS[via], fetch, clock: () => START, via });
  t.after(() => {
    tokens.close();
  });
  return { tokens, sent };
}

for (const via of ['direct', 'sidecar'] as const) {
  test(`L1 key-mixup: details that turn themselves into JSON are told apart by what is sent (${via})`, async (t) => {
    const { tokens, sent } = open(t, via);
    const ask = async (detail: object): Promise<string> => {
      const request = { provider: 'maskinporten', target: 'a:b', authorizationDetails: [detail] } as const;
      return (await tokens.machineOrThrow(request)).token.reveal();
    };
    assert.equal(await ask({ until: new Date(0) }), 't1');
    assert.equal(await ask({ until: new Date(1000) }), 't2');
    assert.equal(await ask({ until: '1970-01-01T00:00:00.000Z' }), 't1');
    assert.equal(await ask({ list: [undefined] }), 't3');
    assert.equal(await ask({ list: [] }), 't4');
    assert.deepEqual(sent.length, 4);
  });

  test(`details that JSON cannot hold are refused, and nothing is sent (${via})`, async (t) => {
    const { tokens, sent } = open(t, via);
    const round: { self?: object } = {};
    round.self = round;
    for (const detail of [round, { amount: 1n }, JSON.parse('{"__proto__":1}')]) {
      const request = { provider: 'maskinporten', target: 'a:b', authorizationDetails: [detail] } as const;
      const outcome = await tokens.machine(request);
      assert.equal(!outcome.ok && outcome.error.kind, 'request');
    }
    assert.deepEqual(sent, []);
  });
}

test('L1 key-mixup: what a caller does with its details afterwards changes no token that is fetched for them', async (t) => {
  const { tokens, sent } = open(t, 'direct', 1);
  const detail = { type: 'x', amount: 1 };
  const asked = tokens.machineOrThrow({
    provider: 'maskinporten',
    target: 'a:b',
    authorizationDetails: [detail],
  });
  detail.amount = 1_000_000;
  await asked;
  assert.deepEqual(sent, [[{ type: 'x', amount: 1 }], [{ type: 'x', amount: 1 }]]);
});
