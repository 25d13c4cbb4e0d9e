import type { SigningKey } from '../../oauth/jwk.ts';

/** What a row answers. `names`: values its text must hold. */
export interface Expected {
  readonly status: number;
  readonly error?: string;
  readonly how?: 'body' | 'redirect' | 'page';
  readonly suberror?: string;
  readonly claims?: true;
  readonly names?: readonly string[];
}

/** A fault by its AADSTS number and words, a request that earns it, and the answer. */
export type ErrorRow = readonly [title: string, ask: () => Promise<Response>, expected: Expected];

/** Clients and keys the rows need besides those of every world. */
export interface Extra {
  readonly spa: string;
  readonly aging: string;
  /** An application of another tenant. */
  readonly elsewhere: string;
  /** A key nobody registered, with the name of one that is. */
  readonly spare: SigningKey;
}

type Expect = (names?: readonly string[]) => Expected;

/** `invalid_request` in a body, with the values its text names. */
export const request: Expect = (names = []) => ({ status: 400, error: 'invalid_request', names });
/** `invalid_client` in a body. */
export const client: Expect = (names = []) => ({ status: 401, error: 'invalid_client', names });
/** `invalid_grant` in a body. */
export const grant: Expect = (names = []) => ({ status: 400, error: 'invalid_grant', names });
/** `invalid_scope` in a body. */
export const scope: Expect = (names = []) => ({ status: 400, error: 'invalid_scope', names });
/** A page, which names no OAuth error. */
export const page: Expect = (names = []) => ({ status: 400, how: 'page', names });
/** An error by redirect. */
export const redirects: (error: string, names?: readonly string[]) => Expected = (error, names = []) => ({
  status: 302,
  how: 'redirect',
  error,
  names,
});
