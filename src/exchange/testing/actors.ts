import assert from 'node:assert/strict';
import { GRANT } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { Client } from '../../registry/model.ts';
import { claimsOf, createTestKeys, createWorld, idportenClient, testApp, testClient, testGrant } from './world.ts';
import type { Answer, TestKeys, World } from './world.ts';

const NAMES = ['web', 'api', 'store', 'quiet', 'loop'];

type Parameters = Readonly<Record<string, string | undefined>>;

/** Apps that call each other in chains: loop may call itself, quiet wants no `act` in its tokens. */
export interface ActorBench {
  readonly keys: TestKeys;
  readonly world: World;
  /** A good exchange by one app for another, with these parameters changed. */
  readonly ask: (from: string, to: string, parameters?: Parameters) => Promise<Answer>;
  /** The token an app gets for itself. */
  readonly ownTokenOf: (from: string, to: string) => Promise<string>;
  /** A good subject token with these claims changed. */
  readonly subjectWith: (claims: object) => Promise<string>;
}

/** Starts the exchange server of the actor tests; whoever asked for it closes its world. */
export async function createActorBench(): Promise<ActorBench> {
  const keys = await createTestKeys();
  const jwks = [publicJwk(keys.client)];
  const world = await createWorld({
    keys,
    data: {
      apps: NAMES.map((name) => testApp(name)),
      clients: [...NAMES.map((name) => clientOf(name, jwks)), idportenClient('web', 'login-client')],
      grants: [
        testGrant('web', 'api'),
        testGrant('web', 'quiet'),
        testGrant('web', 'loop'),
        testGrant('loop', 'loop'),
        testGrant('loop', 'quiet'),
        testGrant('quiet', 'store'),
        testGrant('api', 'store'),
        testGrant('api', 'web'),
        testGrant('store', 'api'),
      ],
    },
  });
  const ask: ActorBench['ask'] = async (from, to, parameters = {}) => {
    const id = `dev:fleet:${from}`;
    const client_assertion = await world.assertion({ claims: { iss: id, sub: id } });
    return world.exchange({ client_assertion, audience: `dev:fleet:${to}`, ...parameters });
  };
  return {
    keys,
    world,
    ask,
    async ownTokenOf(from, to) {
      const none = { subject_token: undefined, subject_token_type: undefined };
      return tokenOf(await ask(from, to, { grant_type: GRANT.clientCredentials, ...none }));
    },
    subjectWith: (claims) => world.subject({ claims: { ...claims } }),
  };
}

/** Why a request was turned away, or `issued`. */
export function reasonOf({ body }: Answer): unknown {
  return body['fm_reason'] ?? 'issued';
}

/** The issued token; the test fails where there is none. */
export function tokenOf(answer: Answer): string {
  return answer.status === 200 ? String(answer.body['access_token']) : assert.fail(answer.text);
}

/** The actors in the issued token. */
export function actOf(answer: Answer): unknown {
  return claimsOf({ ...answer, body: { access_token: tokenOf(answer) } })['act'];
}

function clientOf(name: string, jwks: Client['keys']): Client {
  const token = name === 'quiet' ? { act: false } : {};
  const grantTypes = ['token-exchange', 'client_credentials'] as const;
  return { ...testClient(name, jwks), registration: { provider: 'tokenx', token, grantTypes } };
}
