/** Holds a token. Prints as [redacted] in logs and JSON; throws when used as a string by accident. */
export interface TokenHandle {
  reveal(): string;
}

const REDACTED = '[redacted]';

function refuse(): never {
  throw new TypeError('a token handle is not a string: call reveal() where the token is really sent');
}

/** Wraps a token so that only `reveal()` gives it out. */
export function createTokenHandle(token: string): TokenHandle {
  const handle = {
    reveal: () => token,
    toJSON: () => REDACTED,
    toString: refuse,
    [Symbol.toPrimitive]: refuse,
    [Symbol.for('nodejs.util.inspect.custom')]: () => REDACTED,
  };
  return Object.freeze(handle);
}
