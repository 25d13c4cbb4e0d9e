import type { Random } from './scale.ts';

/** A question somebody asks; two are the same question only if all of it is equal. */
export interface Question {
  readonly path: '/token' | '/token/exchange';
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a token of the fake issuer says: the question that reached the issuer, when it was made, how long it lives. */
export interface Said {
  readonly question: unknown;
  readonly number: number;
  readonly at: number;
  readonly life: number;
}

export const read = (token: unknown): Said => JSON.parse(Buffer.from(String(token), 'base64url').toString());
export const write = (said: Said): string => Buffer.from(JSON.stringify(said)).toString('base64url');

/** Texts that run into each other, hide lengths and separators, or differ by form only. */
export const TEXTS = [
  'a',
  'b',
  'ab',
  'a b',
  'a:b',
  '1:a',
  '1:a1',
  '-',
  '--',
  ' ',
  'A',
  '\u00e9',
  'e\u0301',
  'a\u0000',
  'a|b',
  '["a"]',
  'null',
  '__proto__',
] as const;
const DETAILS = [
  undefined,
  [],
  [{}],
  [{ a: 1 }],
  [{ a: '1' }],
  [{ a: [1] }],
  [{ a: 1 }, {}],
  [{ 'a":1,"b': 1 }],
  [{ a: 1, b: 1 }],
] as const;

function draw(random: Random): Question {
  const target = random.pick(TEXTS);
  const user = { user_token: random.pick(TEXTS) };
  const machine: Question = { path: '/token', fields: { identity_provider: 'entra_id', target } };
  return random.pick<() => Question>([
    () => machine,
    () => ({ path: '/token/exchange', fields: { identity_provider: 'tokenx', target, ...user } }),
    () => ({ path: '/token/exchange', fields: { identity_provider: 'entra_id', target, ...user } }),
    () => {
      const resource = random.pick([undefined, '', ...TEXTS.slice(0, 8)]);
      const details = random.pick(DETAILS);
      const narrowed = {
        ...(resource === undefined ? {} : { resource }),
        ...(details === undefined ? {} : { authorization_details: details }),
      };
      return { path: '/token', fields: { identity_provider: 'maskinporten', target, ...narrowed } };
    },
  ])();
}

/** Some questions at a time, so that they come again while they are remembered. */
export function createPool(random: Random): () => Question {
  let pool: readonly Question[] = [];
  let drawn = 0;
  return () => {
    if (drawn % 200 === 0) pool = Array.from({ length: 16 }, () => draw(random));
    drawn += 1;
    return pool[random.below(pool.length)] ?? draw(random);
  };
}

/** The question that a form to the issuer puts, in the words of those who asked the sidecar. */
export function questionOf(form: URLSearchParams): Question {
  const assertion = form.get('assertion');
  if (form.get('requested_token_use') === 'on_behalf_of') {
    const fields = { identity_provider: 'entra_id', target: form.get('scope'), user_token: assertion };
    return { path: '/token/exchange', fields };
  }
  if (form.has('subject_token')) {
    const fields = { identity_provider: 'tokenx', target: form.get('audience'), user_token: form.get('subject_token') };
    return { path: '/token/exchange', fields };
  }
  if (assertion === null)
    return { path: '/token', fields: { identity_provider: 'entra_id', target: form.get('scope') } };
  const claims: Record<string, unknown> = JSON.parse(
    Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString(),
  );
  const { scope, resource, authorization_details: details } = claims;
  const narrowed = {
    ...(resource === undefined ? {} : { resource: Array.isArray(resource) ? resource[0] : resource }),
    ...(details === undefined ? {} : { authorization_details: details }),
  };
  return { path: '/token', fields: { identity_provider: 'maskinporten', target: scope, ...narrowed } };
}

/** How long a token may be served at most (sidecar-sdk.md 2.7). */
export const windowOf = (life: number): number => (life > 120 ? life - 120 : life / 2);
export const LIVES = [1, 60, 120, 121, 130, 300, 3600] as const;
