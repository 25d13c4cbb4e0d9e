import assert from 'node:assert/strict';
import type { signClientAssertion } from '../../src/oauth/client-assertion.ts';
import type { Fetch } from '../../src/oauth/fetch.ts';
import { refusalKind } from '../../src/oauth/token-endpoint/refusal-kind.ts';

/** The form of a request to a token endpoint. */
export type Form = Readonly<Record<string, string>>;
/** How an assertion differs from a good one. */
export type Assertion = Partial<Parameters<typeof signClientAssertion>[0]>;

/** What a token endpoint answered. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the caller of a token endpoint makes of an answer (providers.md 2.5). */
function toldBy({ status, body }: Answer, forUser: boolean): readonly unknown[] {
  if (status < 400) return [status];
  const error = String(body['error']);
  return [status, error, refusalKind({ status, error, body, forUser })];
}

/** One fault at both sides, and what its caller is told. */
interface Fault {
  readonly test: Promise<Answer>;
  readonly real: Promise<Answer>;
  readonly expected: readonly unknown[];
}

/** Fails where one side tells another status, error or kind. */
export async function assertToldAlike(faults: Readonly<Record<string, Fault>>, forUser: boolean): Promise<void> {
  for (const [name, { test: asked, real, expected }] of Object.entries(faults)) {
    assert.deepEqual(toldBy(await real, forUser), expected, `${name}, at the server`);
    assert.deepEqual(toldBy(await asked, forUser), expected, `${name}, at the test issuer`);
  }
}

/** Posts a form. */
export async function post(
  at: { readonly fetch: Fetch | typeof globalThis.fetch },
  url: string,
  form: Form,
): Promise<Answer> {
  const answer = await at.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- judged below, member by member
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}
