import type { Principal } from '../principal.ts';
import type { NonEmpty } from '../result.ts';
import type { TokenHandle } from '../token-handle.ts';

/** Whose token is exchanged: the principal of a request, its handle, or the token itself. */
export type UserToken = Principal | TokenHandle | string;

/** What every request for a token has. `fresh` passes the caches by; `signal` ends the waiting, not the fetch. */
export interface Ask {
  readonly target: string;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** A token for the application itself. */
export type MachineRequest = Ask &
  (
    | { readonly provider: 'entra_id' }
    | {
        readonly provider: 'maskinporten';
        readonly resource?: string;
        readonly authorizationDetails?: NonEmpty<object>;
      }
  );

/** A token on behalf of a user. */
export type UserRequest = Ask & { readonly provider: 'entra_id' | 'tokenx'; readonly user: UserToken };
