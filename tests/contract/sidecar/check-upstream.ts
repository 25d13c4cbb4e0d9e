import { importVerificationKey, publicJwk } from '../../../src/oauth/jwk.ts';
import { parseJwt, verifyJwtSignature } from '../../../src/oauth/jwt.ts';
import type { VerifiedJwt } from '../../../src/oauth/jwt.ts';
import type { CallExpectation, UpstreamExpectation } from './case.ts';
import type { Keys } from './keys.ts';
import { match, mismatch } from './match.ts';
import type { MatchContext } from './match.ts';
import type { FakeProvider, TokenCall } from './provider.ts';
import type { Resolve } from './templates.ts';
import { resolve } from './templates.ts';

interface Seen {
  readonly provider: FakeProvider;
  readonly keys: Keys;
  readonly give: Resolve;
  readonly context: MatchContext;
}

/** Holds what the provider was asked against what a case says. Throws AssertionError. */
export async function checkUpstream(expected: UpstreamExpectation, seen: Seen): Promise<void> {
  const { provider, context } = seen;
  if (expected.count !== undefined)
    match(provider.calls.length, expected.count, 'upstream: requests for tokens', context);
  if (expected.keySets !== undefined)
    match(provider.keySetCalls(), expected.keySets, 'upstream: requests for keys', context);
  for (const [index, call] of expected.calls.entries()) {
    const actual = provider.calls[index];
    if (actual === undefined)
      return mismatch(provider.calls.length, `at least ${index + 1}`, 'upstream: requests for tokens');
    await checkCall(actual, call, `upstream call ${index}`, seen);
  }
  for (const claim of expected.distinct) {
    const values = provider.calls.map((call) => openAssertion(call, fieldOf(call), seen.keys).claims[claim]);
    const fits = values.length > 1 && new Set(values).size === values.length;
    if (!fits) mismatch(values, 'several, of which no two are the same', `upstream: ${claim} of the assertions`);
  }
}

async function checkCall(
  call: TokenCall,
  expected: CallExpectation,
  at: string,
  { keys, give, context }: Seen,
): Promise<void> {
  if (expected.path !== undefined) match(call.path, expected.path, `${at}: path`, context);
  for (const [name, value] of Object.entries(expected.headers))
    match(call.headers[name], value, `${at}: ${name}`, context);
  if (expected.form !== undefined) match(formOf(call), await resolve(expected.form, give), `${at}: form`, context);
  const { assertion } = expected;
  if (assertion === undefined) return;
  const { header, claims } = openAssertion(call, assertion.field, keys);
  if (assertion.header !== undefined) match(header, assertion.header, `${at}: header`, context);
  if (assertion.claims !== undefined) match(claims, await resolve(assertion.claims, give), `${at}: claims`, context);
}

/** A field that comes twice is a list. */
function formOf({ form }: TokenCall): Record<string, string | readonly string[]> {
  const values: Record<string, string | readonly string[]> = {};
  for (const [name, value] of form) {
    const before = values[name];
    values[name] = before === undefined ? value : [before, value].flat();
  }
  return values;
}

function fieldOf({ form }: TokenCall): string {
  return form.some(([name]) => name === 'client_assertion') ? 'client_assertion' : 'assertion';
}

/** The assertion, its signature checked with the public halves of the client's keys. */
function openAssertion(call: TokenCall, field: string, keys: Keys): VerifiedJwt {
  const [, token] = call.form.find(([name]) => name === field) ?? [];
  const published = [keys.clients.rsa, keys.clients.ec].map((jwk) => importVerificationKey(publicJwk(jwk)));
  return verifyJwtSignature(parseJwt(token), published, { algorithms: ['RS256', 'ES256'], kidRequired: true });
}
