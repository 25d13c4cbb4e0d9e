/** Exactly one type, readonly and optionality included: an unresolved conditional type compares its parts for identity. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what is not resolved is what compares
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** An intersection or interface as one object type; functions and all else as they are. */
type Flat<T> = T extends (...args: never) => unknown ? T : T extends object ? { [K in keyof T]: T[K] } : T;

/** Compiles only where the two are one type, member by member. */
export function same<A, B>(..._proof: Same<Flat<A>, Flat<B>> extends true ? [] : [never]): void {}

/** Compiles only where each is assignable to the other: for what is written differently and means the same. */
export function alike<A, B>(..._proof: [A, B] extends [B, A] ? [] : [never]): void {}

type Held<Actual, Promised> = [Actual] extends [Promised] ? [] : [never];

/** Compiles only where what is promised is there; there may be more. */
export function holds<Actual, Promised>(..._proof: Held<Actual, Promised>): void {}
