import { sign } from 'node:crypto';
import { importSigningKey } from '../../oauth/jwk.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { signJws } from '../../oauth/jws.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { issueBusinessCertificate } from '../keys/business-ca.ts';
import type { BusinessSubject } from '../keys/business-certificates.ts';
import { CLIENTS } from './rows.ts';
import { form, ISSUERS } from './world.ts';
import type { World } from './world.ts';

const ISSUER = ISSUERS.maskinporten;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** An answer of the token endpoint. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A Maskinporten client of a test world. */
export interface Caller {
  /** Presents an assertion. */
  readonly ask: (assertion: string, grantType?: string) => Promise<Answer>;
  /** An assertion that would do but for what is changed; `undefined` leaves a claim out. */
  readonly sign: (claims?: Readonly<Record<string, unknown>>, key?: SigningKey) => Promise<string>;
  /** Signs with a business certificate in `x5c`, and no `kid`. */
  readonly certified: (subject: Partial<BusinessSubject>, change?: Certified) => Promise<string>;
  /** Status, error and number of a refusal, and what its text says without the trace; fails for one that is put together wrongly. */
  readonly refusal: (assertion: string, grantType?: string) => Promise<readonly [outcome: string, text: string]>;
}

/** What is changed of an assertion with a certificate. */
export interface Certified {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** In place of the chain. */
  readonly x5c?: unknown;
  /** Another key signs. */
  readonly key?: SigningKey;
  /** The folder of another CA. */
  readonly stateDir?: string;
}

/** Calls as the client `feed`, and as `certified` where certificates are at stake. */
export function createCaller(world: World): Caller {
  const claimsOf = (change: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const { now } = world.clock;
    const life = { iat: now, exp: now + 30 };
    return { iss: CLIENTS.feed, aud: ISSUER, ...life, jti: crypto.randomUUID(), scope: 'demo:feed/read', ...change };
  };
  const ask: Caller['ask'] = async (assertion, grantType = GRANT) => {
    const response = await world.fetch(`${ISSUER}token`, form({ grant_type: grantType, assertion }));
    const body: unknown = await response.json();
    return { status: response.status, body: isJsonObject(body) ? body : {} };
  };
  return {
    ask,
    sign: (change = {}, key = world.key) => signJws({}, claimsOf(change), key),
    certified: async (subject, { claims = {}, stateDir = world.stateDir, ...change } = {}) => {
      const { now } = world.clock;
      const own =
        'x5c' in change && change.key !== undefined
          ? undefined
          : await issueBusinessCertificate(stateDir, { orgno: '310000019', ...subject }, now);
      const key = change.key ?? importSigningKey({ ...own?.jwk, kid: 'unnamed' });
      const x5c = 'x5c' in change ? change.x5c : own?.x5c;
      return await withoutKid({ x5c }, claimsOf({ iss: CLIENTS.certified, ...claims }), key);
    },
    refusal: async (assertion, grantType = GRANT) => refused(await ask(assertion, grantType)),
  };
}

function refused({ status, body }: Answer): readonly [string, string] {
  const { error, error_description: description, error_uri: uri, ...more } = body;
  const [, text = '', trace = ''] = /^(.+) \(trace_id: ([0-9a-f]{32})\)$/.exec(String(description)) ?? [];
  const [, number] =
    typeof uri === 'string' ? (/^(?:http:\/\/localhost:7430\/errors\/)(MP-\d{3})$/.exec(uri) ?? []) : ['', '-'];
  if (trace === '' || number === undefined || Object.keys(more).length > 0) {
    throw new Error(`not an answer of Maskinporten: ${JSON.stringify(body)}`);
  }
  return [`${status} ${String(error)} ${number}`, text];
}

/** `signJws` names the key; here it is the certificate that does. */
async function withoutKid(
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  key: SigningKey,
): Promise<string> {
  const parts = [{ alg: key.alg, ...header }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const input = parts.join('.');
  return `${input}.${sign('sha256', Buffer.from(input), key.key).toString('base64url')}`;
}
