import type { AuthErrorCode } from '../auth-error.ts';
import { makeApplicationKey } from './application-key.ts';
import { checkChanges, checkClock, checkFailure, checkKind } from './check-asked.ts';
import type { TokenKind } from './claims.ts';
import type { FakeClock } from './clock.ts';
import { environmentOf } from './environment.ts';
import { makeKeyRing } from './keys.ts';
import { listen } from './listener.ts';
import type { Answerer, Listening } from './listener.ts';
import { mintToken } from './mint.ts';
import type { TokenChanges } from './mint.ts';
import { openNetwork } from './network.ts';
import type { Failure, Network, SeenRequest } from './network.ts';
import { placesAt } from './places.ts';
import type { Desk } from './proof.ts';
import { refusalsOf } from './refusals.ts';

/** All four providers for a test: their tokens, their keys and their token endpoints, in process. */
export interface TestIssuer {
  /** The environment of the application under test: every variable it would have, without a sidecar's. */
  readonly env: Readonly<Record<string, string>>;
  /** Answers in process what the providers would answer; there is nothing else at the other end. */
  readonly fetch: typeof globalThis.fetch;
  /** Everything that was asked for, the oldest first. */
  readonly requests: readonly SeenRequest[];
  /** A signed token for the application under test, with the claims its provider would give it. */
  mint(kind: TokenKind, changes?: TokenChanges): string;
  /** Every refusal there is of a token of this kind, with the code it must give. */
  refusals(kind: TokenKind): Iterable<{ name: string; token: string; code: AuthErrorCode }>;
  /** What is wrong with the providers from now on; without argument they are well again. */
  fail(how?: Failure): void;
  /** New keys for all; the old ones stay published unless dropped. */
  rotateKeys(options?: { drop?: boolean }): void;
  /** Ends waiting calls and the listener. */
  close(): Promise<void>;
}

/** How a test issuer is made. */
export interface TestIssuerOptions {
  /** The system's time unless given. */
  readonly clock?: FakeClock;
  /** Opens a port of 127.0.0.1, for programs that cannot be given `fetch`. */
  readonly listen?: boolean;
}

const DESK: unique symbol = Symbol('desk');

/** Makes one; independent of any test framework. Close it if it listens. What there is not, such as an unknown kind of token, throws ConfigError. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  checkClock(options.clock);
  const [keys, application] = await Promise.all([makeKeyRing(), makeApplicationKey()]);
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const deskAt = (origin: string | undefined): Desk => ({
    places: placesAt(origin),
    keys,
    now,
    applicationKeys: application.verificationKeys,
    usedAssertions: new Set(),
  });
  const { desk, network, listening } = options.listen === true ? await opened(deskAt) : inProcess(deskAt);
  const issuer: TestIssuer & Inside = {
    [DESK]: desk,
    env: environmentOf(desk.places, application.text),
    fetch: network.fetch,
    requests: network.requests,
    mint: (kind, changes = {}) => {
      checkKind(kind);
      checkChanges(changes);
      return mintToken(desk, kind, changes);
    },
    refusals: (kind) => {
      checkKind(kind);
      return refusalsOf(desk, kind);
    },
    fail: (how) => {
      checkFailure(how);
      network.fail(how);
    },
    rotateKeys: ({ drop = false } = {}) => {
      keys.rotate(drop);
    },
    close: async () => {
      network.fail(undefined);
      await listening?.close();
    },
  };
  return issuer;
}

/** What a test issuer works with. Undefined for anything that is not one of ours. */
export function deskOf(issuer: TestIssuer): Desk | undefined {
  return isOurs(issuer) ? issuer[DESK] : undefined;
}

interface Inside {
  readonly [DESK]: Desk;
}

function isOurs(issuer: unknown): issuer is TestIssuer & Inside {
  return typeof issuer === 'object' && issuer !== null && DESK in issuer;
}

interface Opened {
  readonly desk: Desk;
  readonly network: Network;
  readonly listening?: Listening;
}

function inProcess(deskAt: (origin: string | undefined) => Desk): Opened {
  const desk = deskAt(undefined);
  return { desk, network: openNetwork(desk) };
}

/** The listener and `fetch` reach the same network, so that both see the same failures and requests. */
async function opened(deskAt: (origin: string) => Desk): Promise<Opened> {
  const listening = await listen();
  const desk = deskAt(listening.origin);
  const network = openNetwork(desk);
  const answerer: Answerer = ({ url, method, contentType, body }, signal) => {
    const form = new URLSearchParams(body);
    return network.answer({ url: `${listening.origin}${url}`, method, contentType, form }, signal);
  };
  listening.answerWith(answerer);
  return { desk, network, listening };
}
