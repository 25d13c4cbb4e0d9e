/** Holds a token. Prints as [redacted] in logs and JSON; throws when used as a string by accident. */
export interface TokenHandle {
  reveal(): string;
}

const REDACTED = '[redacted]';
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

function refuse(): never {
  throw new TypeError('a token handle is not a string: call reveal() where the token is really sent');
}

// The methods are shared: one handle is made for every token that passes.
class Handle implements TokenHandle {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
    Object.freeze(this);
  }

  reveal(): string {
    return this.#token;
  }

  toJSON(): string {
    return REDACTED;
  }

  toString(): never {
    return refuse();
  }

  [Symbol.toPrimitive](): never {
    return refuse();
  }

  [INSPECT](): string {
    return REDACTED;
  }
}

/** Wraps a token so that only `reveal()` gives it out. */
export function createTokenHandle(token: string): TokenHandle {
  return new Handle(token);
}
