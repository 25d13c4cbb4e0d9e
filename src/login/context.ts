/** What every endpoint of the login proxy works with: made once, never changed. */
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { LoginClient } from '../providers/login-client.ts';
import type { Store } from '../store/store.ts';
import type { HttpRequest } from '../web/http.ts';
import type { LoginConfig, ProviderConfig } from './config.ts';
import type { LoginEvent } from './events.ts';
import type { Ingress } from './ingress.ts';
import type { RuleBook } from './proxy/rules.ts';
import type { Sessions, StoredSession } from './session/sessions.ts';
import type { Sealer, Ticket } from './session/ticket.ts';
import type { Targets } from './redirects/targets.ts';

/** Work that goes on after an answer was sent; awaited or given up at close. */
export interface Background {
  /** Runs once; a failure goes to `onFailure`. */
  run(task: () => Promise<unknown>, onFailure: (error: unknown) => void): void;
  /** Repeats a failing task with growing pauses, for at most ten minutes. What `anybody` may ask for gets half of the places. */
  insist(task: () => Promise<unknown>, asked?: { readonly by?: 'us' | 'anybody' }): void;
  /** Aborted once it closes: what goes on for long should come to its end. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

/** Refreshes sessions; see refresh.ts. */
export interface Refresher {
  /** The session after a refresh, or as it is when none is possible; undefined when the user has to sign in again. */
  refresh(session: StoredSession): Promise<RefreshOutcome>;
}

/** What a refresh came to. */
export type RefreshOutcome =
  | { readonly kind: 'session'; readonly session: StoredSession }
  | { readonly kind: 'gone' }
  /** The provider does not answer: `session` is what there was before. */
  | { readonly kind: 'failed'; readonly session: StoredSession };

/** The parts that need no others. */
export interface LoginParts {
  readonly config: LoginConfig;
  readonly provider: ProviderConfig;
  readonly client: LoginClient;
  readonly sessions: Sessions;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly background: Background;
  readonly targets: Targets;
  readonly rules: RuleBook;
  readonly now: Clock;
  readonly emit: Emit<LoginEvent>;
}

/** The running proxy as one of its providers sees it; all of them share configuration, store and keys. */
export interface LoginContext extends LoginParts {
  readonly refresher: Refresher;
  readonly siblings: Siblings;
}

/** The contexts of all providers of one running proxy. */
export interface Siblings {
  /** That of the default provider. */
  readonly first: LoginContext;
  readonly all: readonly LoginContext[];
  named(provider: string): LoginContext | undefined;
}

/** A request that was matched to one of our ingresses. */
export interface OwnRequest {
  readonly http: HttpRequest;
  readonly ingress: Ingress;
  /** `locale` of the login this request goes on with: the first thing its pages go by. */
  readonly locale?: string;
  /** The further provider of that login: where a retry goes again. */
  readonly provider?: string;
}

/** What the browser's session cookie turned out to be. */
export type TicketFinding =
  | { readonly kind: 'none' }
  /** A cookie of that name is there but is no ticket of ours, or came twice: it is cleared. */
  | { readonly kind: 'unusable' }
  | { readonly kind: 'ticket'; readonly ticket: Ticket };
