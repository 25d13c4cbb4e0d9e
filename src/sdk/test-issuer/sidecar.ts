import { ConfigError } from '../config-error.ts';
import { withoutPrivateKeys } from './application-key.ts';
import { deskOf } from './issuer.ts';
import type { TestIssuer } from './issuer.ts';
import { introspect, isPlayed } from './introspect.ts';
import { listen } from './listener.ts';
import type { Received } from './listener.ts';
import type { Played } from './places.ts';
import { acquireForUser, acquireMachine } from './sidecar-acquire.ts';
import { badRequest } from './sidecar-answers.ts';
import type { Backing } from './sidecar-backing.ts';
import { checkFlag, optionalObjects, optionalText, readFields, requiredText, Undecodable } from './sidecar-fields.ts';
import type { Fields } from './sidecar-fields.ts';

/** A sidecar for a test: what the application under test asks instead of the providers. */
export interface TestSidecar {
  /** The environment of an application beside a sidecar: the issuer's without private keys, and where the sidecar is. */
  readonly env: Record<string, string>;
  /** Every body that came, the oldest first, each with the `path` it was sent to. */
  readonly requests: readonly object[];
  close(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. It gets its tokens of the issuer, keeps none, and shares its failures. Close it. */
export async function createTestSidecar(issuer: TestIssuer): Promise<TestSidecar> {
  const desk = deskOf(issuer);
  if (desk === undefined) throw new ConfigError(['createTestSidecar: the issuer is not one of createTestIssuer']);
  const requests: object[] = [];
  const listening = await listen();
  listening.answerWith(async (received) => {
    requests.push({ path: received.url, ...seen(received)?.values });
    return await answer({ issuer, desk }, received);
  });
  const base = `${listening.origin}/api/v1`;
  return {
    env: {
      ...withoutPrivateKeys(issuer.env),
      NAIS_TOKEN_ENDPOINT: `${base}/token`,
      NAIS_TOKEN_EXCHANGE_ENDPOINT: `${base}/token/exchange`,
      NAIS_TOKEN_INTROSPECTION_ENDPOINT: `${base}/introspect`,
    },
    requests,
    close: () => listening.close(),
  };
}

/** What came, for `requests`; nothing of what cannot be read. */
function seen(received: Received): Fields | undefined {
  try {
    return readFields(received);
  } catch {
    return undefined;
  }
}

const PATHS = { token: '/api/v1/token', exchange: '/api/v1/token/exchange', introspect: '/api/v1/introspect' } as const;

async function answer(backing: Backing, received: Received): Promise<Response> {
  const { url, method } = received;
  const path = Object.values(PATHS).find((each) => each === url);
  if (path === undefined) return new Response('', { status: 404 });
  if (method !== 'POST') return new Response('', { status: 405, headers: { allow: 'POST' } });
  try {
    return await answerFields(backing, path, readFields(received));
  } catch (error) {
    if (error instanceof Undecodable) return badRequest(error.message);
    throw error;
  }
}

async function answerFields(backing: Backing, path: string, fields: Fields): Promise<Response> {
  const named = requiredText(fields, 'identity_provider');
  const provider = named === 'azuread' ? 'entra_id' : named;
  if (path === PATHS.introspect) {
    const token = requiredText(fields, 'token');
    return await introspect(backing.desk, playedOf(provider), token);
  }
  const target = requiredText(fields, 'target');
  if (path === PATHS.exchange) {
    const userToken = requiredText(fields, 'user_token');
    checkFlag(fields, 'skip_cache');
    return await acquireForUser(backing, playedOf(provider), { target, userToken });
  }
  const resource = optionalText(fields, 'resource');
  const authorizationDetails = optionalObjects(fields, 'authorization_details');
  checkFlag(fields, 'skip_cache');
  return await acquireMachine(backing, playedOf(provider), { target, resource, authorizationDetails });
}

/** Looked at last, as the sidecar does: a request is read whole before anything is made of it. */
function playedOf(name: string): Played {
  if (isPlayed(name)) return name;
  const known = 'entra_id, tokenx, maskinporten, idporten, ansattporten';
  throw new Undecodable(`the field identity_provider has no known value: ${name.slice(0, 64)} (known: ${known})`);
}
