import type { TestContext } from 'node:test';
import { fromEnv } from '../index.ts';
import type { Fullmakt, Options } from '../index.ts';
import type { TestIssuer, TokenKind } from '../testing.ts';

/** Kinds of token of the test issuer that requests are let in with. */
export const ACCEPTED: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'tokenx',
  'tokenx-machine',
  'idporten',
  'maskinporten',
];

/** A Fullmakt by the environment of a test issuer, with its keys at hand; closed with the test. */
export async function openAuth(t: TestContext, { env, fetch }: TestIssuer, options: Options): Promise<Fullmakt> {
  const auth = fromEnv({ env, fetch, maskinporten: { requiredScope: 'test:data/read' }, ...options });
  t.after(() => auth.close());
  await auth.ready();
  return auth;
}
