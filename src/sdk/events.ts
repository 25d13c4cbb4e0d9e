import type { AuthErrorCode } from './auth-error.ts';
import type { AcquireErrorKind } from './acquire/acquire-error.ts';
import { tell } from './callback.ts';
import type { Provider } from './principal.ts';

/** What happened, for the application's own logs and metrics. Never holds a token or a national identity number. */
export type SdkEvent =
  | {
      readonly event: 'token.accepted';
      readonly provider: Provider;
      readonly kind: 'user' | 'machine' | 'unknown';
      readonly caller: string | undefined;
      readonly jti: string | undefined;
    }
  | { readonly event: 'token.refused'; readonly code: AuthErrorCode; readonly explanation: string | undefined }
  | {
      readonly event: 'guard.refused';
      readonly code: AuthErrorCode;
      readonly provider: Provider;
      readonly guard: string;
      readonly explanation: string | undefined;
    }
  | {
      readonly event: 'token.acquired';
      readonly provider: Provider;
      readonly target: string;
      readonly fromCache: boolean;
    }
  /** The token in memory is still good; a newer one was asked for in the background and did not come. */
  | {
      readonly event: 'token.refresh_failed';
      readonly provider: Provider;
      readonly target: string;
      readonly kind: AcquireErrorKind;
    }
  /** The provider cannot be reached: a token past its window was handed out. `expiresAt` in seconds since the epoch. */
  | {
      readonly event: 'token.stale';
      readonly provider: Provider;
      readonly target: string;
      readonly expiresAt: number;
    }
  | { readonly event: 'keys.fetched'; readonly provider: Provider }
  /** A key set could not be fetched again; the one in memory goes on answering, for 24 hours after its own fetch. */
  | { readonly event: 'keys.stale'; readonly provider: Provider }
  /** Our clock is more than 10 s from a provider's; positive where ours is ahead. */
  | { readonly event: 'clock.skew'; readonly provider: Provider; readonly seconds: number };

/** A listener of the application must not be able to change an outcome: what it throws, or rejects with, is dropped. */
export function safely(listener: ((event: SdkEvent) => unknown) | undefined): (event: SdkEvent) => void {
  if (listener === undefined) return () => {};
  return (event) => {
    tell(listener, event);
  };
}
