import { sign } from 'node:crypto';
import type { SigningKey } from '../../src/oauth/jwk.ts';
import type { Assertion, Case } from './60-idp-cases.ts';
import type { Message } from './60-idp-world.ts';

/** What cases need of running providers: a clock (seconds since the epoch), and who signs for an audience. */
export interface Signers {
  readonly now: number;
  readonly keyFor: (audience: string) => SigningKey;
}

const same = (text: string): string => text;

/** The bytes of a case, with the values of real flows in their places. */
export function messageOf(given: Case, signers: Signers, live: ReadonlyMap<string, string>): Message {
  const { assertion } = given;
  const texts = [given.query, given.body ?? '', ...Object.values(given.headers)];
  const values = new Map(live);
  if (assertion !== undefined && texts.some((text) => text.includes('{{assertion}}'))) {
    values.set('assertion', signAssertion(assertion, signers));
  }
  const fill = (text: string, write: (value: string) => string): string =>
    text.replaceAll(/\{\{([a-z-]+)\}\}/g, (_, name: string) => write(values.get(name) ?? ''));
  const query = fill(given.query, encodeURIComponent);
  const form = given.headers['content-type']?.toLowerCase().includes('form') === true;
  const body = given.body === undefined ? undefined : fill(given.body, form ? encodeURIComponent : same);
  return {
    at: given.at,
    method: given.method,
    target: query === '' ? given.path : `${given.path}?${query}`,
    headers: Object.fromEntries(Object.entries(given.headers).map(([name, value]) => [name, fill(value, same)])),
    body: body === undefined || ['GET', 'HEAD'].includes(given.method) ? undefined : Buffer.from(body, given.bytes),
  };
}

function signAssertion({ client, audience, claims, header, cut }: Assertion, { now, keyFor }: Signers): string {
  const { kid, alg, key } = keyFor(audience);
  const good = { iss: client, sub: client, aud: audience, iat: now, exp: now + 60, jti: crypto.randomUUID() };
  const parts = [
    { alg, kid, ...header },
    { ...good, ...claims },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = sign('sha256', Buffer.from(parts.join('.')), { key, dsaEncoding: 'ieee-p1363' });
  return [...parts, signature.toString('base64url')].join('.').slice(0, cut);
}
