import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { ConfigError } from '../config-error.ts';
import { withoutPrivateKeys } from './application-key.ts';
import { deskOf } from './issuer.ts';
import type { TestIssuer } from './issuer.ts';
import { introspect } from './introspect.ts';
import { listen } from './listener.ts';
import type { Received } from './listener.ts';
import { acquire } from './sidecar-acquire.ts';
import { badRequest } from './sidecar-backing.ts';
import type { Backing } from './sidecar-backing.ts';

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
    const fields = fieldsOf(received);
    requests.push({ path: received.url, ...fields });
    return await answer({ issuer, desk }, received, fields);
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

/** The fields of a request, from a form or JSON; undefined for anything else (sidecar-sdk.md 3.2). */
function fieldsOf({ contentType, body }: Received): Readonly<Record<string, unknown>> | undefined {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body));
  if (!contentType.startsWith('application/json')) return undefined;
  try {
    const value = parseStrictJson(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function answer(
  backing: Backing,
  { url, method }: Received,
  fields: Readonly<Record<string, unknown>> | undefined,
): Promise<Response> {
  const paths = ['/api/v1/token', '/api/v1/token/exchange', '/api/v1/introspect'];
  if (!paths.includes(url)) return new Response('', { status: 404 });
  if (method !== 'POST') return new Response('', { status: 405, headers: { allow: 'POST' } });
  if (fields === undefined) return badRequest('the body has to be a JSON object or a form');
  const { identity_provider: named } = fields;
  if (typeof named !== 'string') return badRequest('identity_provider is missing');
  const provider = named === 'azuread' ? 'entra_id' : named;
  if (url === paths[2]) return introspect(backing.desk, provider, fields['token']);
  return await acquire(backing, { provider, fields, forUser: url === paths[1] });
}
