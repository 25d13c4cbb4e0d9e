import type { Algorithm } from '../../oauth/algorithms.ts';
import type { Place } from '../place.ts';

/** How a persona judges client assertions (RFC 7523 3). */
export interface AssertionPolicy {
  readonly algorithms: readonly Algorithm[];
  /** `outdated`: accepted, with a warning. */
  readonly audience: (place: Place, audience: string) => 'accepted' | 'outdated' | 'refused';
  /** From `iat` to `exp`; undefined = any. */
  readonly maxLifetimeSeconds: number | undefined;
  readonly skewSeconds: number;
  /** Whether an `iat` ahead of our clock is refused even beside a good `nbf`. */
  readonly judgesIssuedAt: boolean;
  /** What `aud` may be: one string (FAPI 2.0 Security Profile 5.3.2.1), a list of one too, or several names of this server (RFC 7523 3). */
  readonly audiences: 'string' | 'one' | 'several';
  /** Whether a client with one key need not name it. */
  readonly onlyKeyUnnamed?: boolean;
  /** Whether an assertion may come twice. */
  readonly replay: 'refused' | 'accepted';
  /** Keys are named by `kid` alone, or by certificate thumbprints too. */
  readonly keyNames: 'kid' | 'certificate';
  /** Whether `client_id` has to stand beside the assertion. */
  readonly clientIdBeside: 'required' | 'optional';
  /** Whether a client without registered keys may prove itself by the business certificate of its organisation (`x5c`). */
  readonly businessCertificates?: boolean;
  /** Whether assertions of other issuers stand for a client that has a federated credential for them. */
  readonly federated?: boolean;
  /** What the header's `typ` may be. */
  readonly types: 'jwt' | 'any';
}
