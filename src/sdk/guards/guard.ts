import type { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import type { Principal } from '../principal.ts';
import type { Result } from '../result.ts';
import { assertNoMore } from './no-more.ts';

/**
 * Decides whether a principal may pass. Pure, synchronous. Bad arguments throw ConfigError when the guard is made;
 * `needs` is checked when it is mounted. `allows` exists for types only.
 */
export interface Guard<T extends Principal = Principal> {
  (principal: Principal): Result<object, AuthError>;
  readonly text: string;
  readonly needs?: 'caller-list';
  readonly allows?: T;
}

/** Makes a guard of a rule: the error says why not, undefined lets pass. `text` says what it asks for. */
export function createGuard<T extends Principal>(
  text: string,
  refuse: (principal: Principal) => AuthError | undefined,
  needs?: 'caller-list',
): Guard<T> {
  const judge = (principal: Principal): Result<object, AuthError> => {
    const error = refuse(principal);
    return error === undefined ? { ok: true } : { ok: false, error };
  };
  return Object.assign(judge, needs === undefined ? { text } : { text, needs });
}

/** Whether a value, of any origin, is a guard. */
function isGuard(value: unknown): value is Guard {
  return typeof value === 'function' && 'text' in value && typeof value.text === 'string';
}

/** Throws ConfigError for what is no guard, above all for none. */
export function assertGuard(guard: unknown): asserts guard is Guard {
  if (isGuard(guard)) return;
  const isNothing = guard === undefined || guard === null;
  const help = isNothing ? 'write anyPrincipal to let any valid token pass' : `what stands there is ${likeness(guard)}`;
  throw new ConfigError([`a guard is missing: ${help}`]);
}

/** The principal as the guard's type, or the guard's refusal. The only way from `Principal` to what a guard allows. */
export function admit<T extends Principal>(
  guard: Guard<T>,
  principal: Principal,
): Result<{ readonly principal: T }, AuthError> {
  const outcome = guard(principal);
  if (!outcome.ok) return outcome;
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the guard has just said that it is a T
  return { ok: true, principal: principal as T };
}

function needsOf(guards: readonly Guard[]): 'caller-list' | undefined {
  return guards.find((guard) => guard.needs !== undefined)?.needs;
}

function refusalOf(guard: Guard, principal: Principal): AuthError | undefined {
  const outcome = guard(principal);
  return outcome.ok ? undefined : outcome.error;
}

function checkGuards(where: string, guards: readonly unknown[]): void {
  const findings = guards.flatMap((guard, at) => {
    return isGuard(guard) ? [] : [`${where}: argument ${at + 1} is no guard: it is ${likeness(guard)}`];
  });
  if (findings.length > 0) throw new ConfigError(findings);
}

function likeness(value: unknown): string {
  if (value === undefined || value === null) return 'missing';
  if (Array.isArray(value)) return 'a list, and guards come one by one';
  if (typeof value === 'function') return "a function that makes one, or none of ours: call it, as requireAcr('high')";
  return `of type ${typeof value}`;
}

/** Passes when every guard does; reports the first refusal. ConfigError for what is no guard. */
export function allOf<A extends Principal, B extends Principal>(
  a: Guard<A>,
  b: Guard<B>,
  ...more: Guard[]
): Guard<Extract<A, B>> {
  const guards: readonly Guard[] = [a, b, ...more];
  checkGuards('allOf', guards);
  const refuse = (principal: Principal): AuthError | undefined => {
    for (const guard of guards) {
      const error = refusalOf(guard, principal);
      if (error !== undefined) return error;
    }
    return undefined;
  };
  return createGuard(guards.map((guard) => guard.text).join(' and '), refuse, needsOf(guards));
}

/** Passes when one of the two does; reports the first one's refusal. ConfigError for what is no guard. */
export function anyOf<A extends Principal, B extends Principal>(a: Guard<A>, b: Guard<B>): Guard<A | B>;
export function anyOf(a: Guard, b: Guard, ...more: readonly unknown[]): Guard {
  checkGuards('anyOf', [a, b]);
  assertNoMore(more, 'anyOf: two guards are taken; a third goes into another anyOf');
  const refuse = (principal: Principal): AuthError | undefined => {
    const error = refusalOf(a, principal);
    return error === undefined || refusalOf(b, principal) === undefined ? undefined : error;
  };
  return createGuard(`(${a.text} or ${b.text})`, refuse, needsOf([a, b]));
}

/** Any valid token of a configured issuer. Has to be written out; an absent guard does not compile. */
export const anyPrincipal: Guard = createGuard('any principal', () => undefined);
