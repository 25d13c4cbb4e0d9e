/** An expected outcome as a value: what was asked for, or the error that says why not. */
export type Result<T, E> = ({ readonly ok: true } & Readonly<T>) | { readonly ok: false; readonly error: E };

/** A list that cannot be empty. */
export type NonEmpty<T> = readonly [T, ...T[]];
