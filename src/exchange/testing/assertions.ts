import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { createTestKeys, createWorld, testApp, testClient, testGrant } from './world.ts';
import type { Change, TestKeys, World } from './world.ts';

/** A world in which nothing but client authentication can go well, and clients with keys of every kind. */
export interface AssertionBench {
  readonly keys: TestKeys;
  readonly es256: PrivateJwk;
  readonly ps256: PrivateJwk;
  readonly eddsa: PrivateJwk;
  readonly world: World;
  /** The situation an assertion leads to; `in` when authentication is over and the next step refuses (no issuer is trusted here). */
  readonly verdict: (change: Change, own?: World) => Promise<unknown>;
  /** The same, of an assertion that differs in its claims alone. */
  readonly claims: (changes: object) => Promise<unknown>;
  /** The situation an assertion leads to as it is. */
  readonly reason: (assertion: string) => Promise<unknown>;
}

/** Opens it. Whoever does closes its world. */
export async function openAssertionBench(): Promise<AssertionBench> {
  const keys = await createTestKeys();
  const [es256, ps256, eddsa] = await Promise.all([
    generatePrivateJwk('ES256', 'es'),
    generatePrivateJwk('PS256', 'ps'),
    generatePrivateJwk('EdDSA', 'ed'),
  ]);
  const { alg: _alg, ...unnamed } = publicJwk(keys.stranger);
  const edNamed = { ...publicJwk(eddsa), kid: 'ed-named', alg: 'Ed25519' };
  const callers = {
    web: [publicJwk(keys.client)],
    many: [publicJwk(es256), publicJwk(ps256), publicJwk(eddsa), { ...unnamed, kid: 'unnamed' }, edNamed],
    gone: [publicJwk(keys.client)],
    api: [],
  };
  const world = await createWorld({
    keys,
    data: {
      apps: Object.keys(callers).map((name) => testApp(name, name === 'gone' ? { state: 'disabled' } : {})),
      clients: Object.entries(callers).map(([name, jwks]) => testClient(name, jwks)),
      grants: Object.keys(callers).map((name) => testGrant(name, 'api')),
    },
    config: { issuers: [] },
  });
  const verdict = async (change: Change, own = world): Promise<unknown> => {
    const { body } = await own.exchange({ client_assertion: await own.assertion(change) });
    return body['fm_reason'] === 'subject-issuer' ? 'in' : body['fm_reason'];
  };
  return {
    keys,
    es256,
    ps256,
    eddsa,
    world,
    verdict,
    claims: (changes) => verdict({ claims: { ...changes } }),
    reason: async (client_assertion) => (await world.exchange({ client_assertion })).body['fm_reason'],
  };
}

/** The claims by which an application of the tests speaks for itself. */
export function as(name: string): { readonly iss: string; readonly sub: string } {
  return { iss: `dev:fleet:${name}`, sub: `dev:fleet:${name}` };
}
