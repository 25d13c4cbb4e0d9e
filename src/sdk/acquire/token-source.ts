import type { CachedToken } from '../../oauth/tokens/cached-token.ts';
import type { MachineRequest, UserRequest } from './requests.ts';

/** Where tokens come from. Rejects with AcquireError, TokenRequestFailed, or the reason of the request's signal. */
export interface TokenSource {
  machine(request: MachineRequest): Promise<CachedToken<string>>;
  user(request: UserRequest, userToken: string): Promise<CachedToken<string>>;
  /** What its cache holds. */
  size(): { readonly entries: number; readonly bytes: number };
  close(): void;
}
