import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import test from 'node:test';
import type { Request as ExpressRequest, RequestHandler } from 'express';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { MiddlewareHandler } from 'hono';
import * as forExpress from './express.ts';
import type * as forFastify from './fastify.ts';
import type * as forFetch from './fetch.ts';
import type * as forHono from './hono.ts';
import type {
  AuthError,
  AuthErrorCode,
  Fullmakt,
  Guard,
  NonEmpty,
  Options,
  Principal,
  RequestLike,
  Result,
  TokenHandle,
  TokenxUser,
} from './index.ts';
import type * as forNext from './next.ts';
import type * as forNode from './node.ts';
import * as forTests from './testing.ts';
import { alike, holds, same } from './testing/same-types.ts';
import * as tokens from './tokens.ts';

/* As in signatures.test.ts, for every subpath but the first: the compiler judges this file. */

type AcquireResult = Result<tokens.AcquiredToken, tokens.AcquireError>;

interface PromisedTokens {
  machine(request: tokens.MachineRequest): Promise<AcquireResult>;
  machineOrThrow(request: tokens.MachineRequest): Promise<tokens.AcquiredToken>;
  onBehalfOf(request: tokens.UserRequest): Promise<AcquireResult>;
  onBehalfOfOrThrow(request: tokens.UserRequest): Promise<tokens.AcquiredToken>;
}

type PromisedRule =
  | { readonly as: 'machine'; readonly request: tokens.MachineRequest }
  | { readonly as: 'user'; readonly provider: 'entra_id' | 'tokenx'; readonly target: string };

test('tokens and fetch are those that are promised (5)', () => {
  same<tokens.UserToken, Principal | TokenHandle | string>();
  same<tokens.Ask, { readonly target: string; readonly fresh?: boolean; readonly signal?: AbortSignal }>();
  alike<
    tokens.MachineRequest,
    tokens.Ask &
      (
        | { readonly provider: 'entra_id' }
        | {
            readonly provider: 'maskinporten';
            readonly resource?: string;
            readonly authorizationDetails?: NonEmpty<object>;
          }
      )
  >();
  same<
    tokens.UserRequest,
    tokens.Ask & { readonly provider: 'entra_id' | 'tokenx'; readonly user: tokens.UserToken }
  >();
  same<
    tokens.AcquiredToken,
    { readonly token: TokenHandle; readonly expiresAt: number; readonly fromCache: boolean }
  >();
  holds<tokens.Tokens, PromisedTokens>();
  same<
    typeof tokens.tokensFromEnv,
    (options?: Options & { readonly via?: 'auto' | 'sidecar' | 'direct' }) => tokens.Tokens
  >();
  holds<
    tokens.AcquireError,
    Error & {
      readonly kind: 'not_configured' | 'transient' | 'policy' | 'credential' | 'reauth' | 'request' | 'aborted';
      readonly oauthError?: string;
      readonly status?: number;
      readonly retryAfterSeconds?: number;
    }
  >();
  same<forFetch.TokenRule, PromisedRule>();
  same<
    forFetch.TokenFetch,
    (input: string | URL | Request, init?: RequestInit & { readonly user?: tokens.UserToken }) => Promise<Response>
  >();
  holds<
    typeof forFetch.createFetch,
    (tokens: tokens.Tokens, options: { readonly origins: NonEmpty<string> } & PromisedRule) => forFetch.TokenFetch
  >();
  assert.equal(typeof tokens.tokensFromEnv, 'function');
});

interface PromisedAdapterOptions {
  readonly realm?: string;
  readonly resourceMetadata?: string;
  readonly onRefused?: (error: AuthError) => void;
}

interface HonoEnv<T> {
  Variables: { principal: T };
}

test('adapters are those that are promised: no form without a guard, and the principal as the guard says (5)', () => {
  same<forExpress.AdapterOptions, PromisedAdapterOptions>();
  holds<
    typeof forExpress.protect<TokenxUser>,
    (auth: Fullmakt, guard: Guard<TokenxUser>, options?: PromisedAdapterOptions) => RequestHandler
  >();
  holds<typeof forExpress.principalOf<TokenxUser>, (req: ExpressRequest, guard: Guard<TokenxUser>) => TokenxUser>();
  same<
    typeof forHono.protect<TokenxUser>,
    (
      auth: Fullmakt,
      guard: Guard<TokenxUser>,
      options?: PromisedAdapterOptions,
    ) => MiddlewareHandler<HonoEnv<TokenxUser>>
  >();
  same<typeof forFastify.fullmakt, FastifyPluginAsync<{ readonly auth: Fullmakt } & PromisedAdapterOptions>>();
  same<typeof forFastify.principalOf<TokenxUser>, (request: FastifyRequest, guard: Guard<TokenxUser>) => TokenxUser>();
  same<
    typeof forNode.protect<TokenxUser>,
    (
      auth: Fullmakt,
      guard: Guard<TokenxUser>,
      handler: (req: IncomingMessage, res: ServerResponse, principal: TokenxUser) => void,
      options?: PromisedAdapterOptions,
    ) => RequestListener
  >();
  same<Parameters<typeof forNext.protectRoute<TokenxUser>>[1], Guard<TokenxUser>>();
  same<Parameters<Parameters<typeof forNext.protectRoute<TokenxUser>>[2]>[1]['principal'], TokenxUser>();
  same<
    typeof forNext.principalFrom<TokenxUser>,
    (auth: Fullmakt, guard: Guard<TokenxUser>, headers: RequestLike['headers']) => Promise<TokenxUser>
  >();
  assert.equal(typeof forExpress.protect, 'function');
});

interface PromisedTestIssuer {
  readonly env: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly { readonly url: string; readonly form: URLSearchParams }[];
  mint(
    kind: forTests.TokenKind,
    changes?: { claims?: object; without?: readonly string[]; header?: object; expiresInSeconds?: number },
  ): string;
  refusals(kind: forTests.TokenKind): Iterable<{ name: string; token: string; code: AuthErrorCode }>;
  fail(how?: 'down' | 'slow' | 'error' | 'garbage'): void;
  rotateKeys(options?: { drop?: boolean }): void;
  close(): Promise<void>;
}

test('the test issuer is the one that is promised (5)', () => {
  alike<forTests.TestIssuer, PromisedTestIssuer>();
  holds<forTests.FakeClock, { (): number; advance(seconds: number): void }>();
  same<typeof forTests.fakeClock, (startSeconds?: number) => forTests.FakeClock>();
  holds<
    typeof forTests.createTestIssuer,
    (options?: { clock?: forTests.FakeClock; listen?: boolean }) => Promise<forTests.TestIssuer>
  >();
  holds<
    typeof forTests.createTestSidecar,
    (
      issuer: forTests.TestIssuer,
    ) => Promise<{ env: Record<string, string>; requests: readonly object[]; close(): Promise<void> }>
  >();
  same<
    forTests.TokenKind,
    | 'entra-user'
    | 'entra-machine'
    | 'entra-id-token'
    | 'tokenx'
    | 'tokenx-machine'
    | 'idporten'
    | 'idporten-id-token'
    | 'maskinporten'
  >();
  // @ts-expect-error -- what differs in readonly alone is told apart
  same<{ readonly a: 1 }, { a: 1 }>();
  // @ts-expect-error -- what differs in optionality alone is told apart
  same<{ a?: 1 }, { a: 1 | undefined }>();
  assert.equal(typeof forTests.fakeClock, 'function');
});
