import type { AuthErrorCode } from './auth-error.ts';
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
  | { readonly event: 'keys.fetched'; readonly provider: Provider }
  | { readonly event: 'keys.stale'; readonly provider: Provider };

/** A listener of the application must not be able to change an outcome: what it throws is dropped. */
export function safely(listener: ((event: SdkEvent) => void) | undefined): (event: SdkEvent) => void {
  if (listener === undefined) return () => {};
  return (event) => {
    try {
      listener(event);
    } catch {
      // The application's bug, in a place where nobody is left to tell.
    }
  };
}
