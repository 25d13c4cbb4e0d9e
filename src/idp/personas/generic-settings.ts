import type { Algorithm } from '../../oauth/algorithms.ts';
import type { PersonaName } from '../persona-names.ts';
import type { AuthMethod } from '../engine/auth-method.ts';
import type { KeyAlgorithm } from '../keys/keys.ts';
import type { AuthorizationRequest } from '../engine/user-grant.ts';

/** What `prompt` may say (OpenID Connect Core 3.1.2.1). */
export const PROMPTS: readonly string[] = ['none', 'login', 'consent', 'select_account'];

/** Where a generic persona differs from another. Everything else is what the specifications say. */
export interface GenericSettings {
  readonly name: PersonaName;
  /** The service's name, for pages and listeners. */
  readonly label: string;
  readonly grantTypes: readonly string[];
  /** Levels a person can choose at sign-in, in rising order. */
  readonly acrs: readonly string[];
  readonly authMethods: readonly AuthMethod[];
  readonly assertionAlgorithms: readonly Algorithm[];
  /** `issuer`: as one string and nothing else (FAPI 2.0 Security Profile 5.3.2.1); `endpoint`: the token endpoint will do too. */
  readonly assertionAudience: 'issuer' | 'endpoint';
  /** What it signs with, the first one unless a client chose another of them. */
  readonly signingAlgorithms: readonly [KeyAlgorithm, ...KeyAlgorithm[]];
  readonly challenge: 'public-clients' | 'optional' | 'required';
  readonly pushed: 'offered' | 'required';
  readonly responseModes: readonly AuthorizationRequest['responseMode'][];
  /** Whether `http://127.0.0.1` may be registered with one port and used with another (RFC 8252 7.3). */
  readonly loopbackPorts: boolean;
  /** Scopes of people; machines and APIs have those that a client registered. */
  readonly scopes: readonly string[];
  readonly subjects: 'public' | 'pairwise';
  readonly atHash: boolean;
  readonly accessTokenSeconds: number;
  readonly idTokenSeconds: number;
  readonly refreshUsage: 'one-time' | 'reuse';
  /** Whether UserInfo can be asked by POST, the token in the header or in the body (RFC 6750 2.2). */
  readonly userinfoPost: boolean;
  readonly frontchannelLogout: boolean;
  readonly backchannelLogout: boolean;
  /** Whether it has an API of its own to try tokens on: `/resource`. */
  readonly resource: boolean;
}
