import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Algorithm } from '../../oauth/algorithms.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import type { AuthMethod } from '../engine/auth-method.ts';
import { words } from '../words.ts';
import * as field from './fields.ts';
import { problemsOf } from './registration-problem.ts';
import type { RegistrationProblem } from './registration-problem.ts';

/** A client of a generic persona (`openid`, `oidf-*`), by OpenID Connect Dynamic Registration 2 and the logout specifications. Durations in seconds. */
export interface OpenidClient {
  readonly clientId: string;
  readonly name: string;
  readonly authMethod: AuthMethod;
  /** Hex SHA-256 of each secret. */
  readonly secretHashes: readonly string[];
  readonly keys: readonly PublicJwk[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontchannelLogoutUri?: string;
  readonly frontchannelLogoutSessionRequired: boolean;
  readonly backchannelLogoutUri?: string;
  readonly backchannelLogoutSessionRequired: boolean;
  readonly grantTypes: readonly string[];
  /** Scopes it may ask for; undefined = every one the persona knows. */
  readonly scopes?: readonly string[];
  /** The persona's first algorithm, where nothing was chosen. */
  readonly idTokenAlg?: Algorithm | undefined;
  readonly accessTokenFormat: 'jwt' | 'opaque';
  /** That of its ID tokens, where nothing was chosen. */
  readonly accessTokenAlg?: Algorithm | undefined;
  readonly defaultMaxAge?: number;
}

/** A registration, read. `secret` is the one it holds or was given: nobody can read it again from the client. */
export type ParsedOpenidClient =
  | { readonly ok: true; readonly client: OpenidClient; readonly secret: string | undefined }
  | { readonly ok: false; readonly problems: readonly RegistrationProblem[] };

/** Names for clients that came without. */
interface Maker {
  readonly id: () => string;
  readonly secret: () => string;
}

const MAKER: Maker = { id: () => randomUUID(), secret: field.makeSecret };

/** 43 base64url characters are what the subject of a person looks like here (RFC 9700 4.15). */
const SUBJECT_SHAPE = /^[A-Za-z0-9_-]{43}$/;

const algorithm = z.enum(['RS256', 'PS256', 'ES256']);

/** Members of the specifications that change nothing here: what a client says of itself, and what a registration answers beside it. */
const idle = z.unknown().optional();

const registration = z.strictObject({
  client_id: field.clientId
    .refine((value) => !SUBJECT_SHAPE.test(value), 'looks like the subject of a person')
    .optional(),
  client_name: field.text.optional(),
  client_secret: field.text.optional(),
  jwks: field.jwks.optional(),
  redirect_uris: field.addresses.default([]),
  post_logout_redirect_uris: field.addresses.default([]),
  frontchannel_logout_uri: field.webAddress.optional(),
  frontchannel_logout_session_required: z.boolean().default(false),
  backchannel_logout_uri: field.webAddress.optional(),
  backchannel_logout_session_required: z.boolean().default(false),
  token_endpoint_auth_method: z
    .enum(['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'])
    .default('client_secret_basic'),
  id_token_signed_response_alg: algorithm.optional(),
  access_token_signed_response_alg: algorithm.optional(),
  access_token_format: z.enum(['jwt', 'opaque']).default('jwt'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
    .min(1)
    .default(['authorization_code']),
  response_types: z.array(z.literal('code')).optional(),
  scope: field.text.transform(words).optional(),
  default_max_age: z.number().int().min(0).max(field.MAX_SECONDS).optional(),
  application_type: z.enum(['web', 'native']).optional(),
  subject_type: z.literal('public').optional(),
  client_uri: idle,
  logo_uri: idle,
  tos_uri: idle,
  policy_uri: idle,
  contacts: idle,
  software_id: idle,
  software_version: idle,
  client_id_issued_at: idle,
  client_secret_expires_at: idle,
});

type Registration = z.infer<typeof registration>;

/**
 * Reads client metadata with the names of RFC 7591 2 and OpenID Connect Registration 2; defaults are theirs. Members that nobody here
 * knows are problems, for whoever registers a client by hand wants to hear of a slip. `access_token_format` (`jwt`, `opaque`) is ours. An id or secret that is needed and not given is made.
 */
export function parseOpenidClient(value: unknown, make: Maker = MAKER): ParsedOpenidClient {
  const read = registration.safeParse(value);
  if (!read.success) return { ok: false, problems: problemsOf(read.error) };
  const problems = conflictsOf(read.data);
  if (problems.length > 0) return { ok: false, problems };
  const needsSecret = read.data.token_endpoint_auth_method.startsWith('client_secret');
  const secret = needsSecret ? (read.data.client_secret ?? make.secret()) : undefined;
  return { ok: true, client: toClient(read.data, read.data.client_id ?? make.id(), secret), secret };
}

/** Members that are fine each by itself but not together. */
function conflictsOf(data: Registration): readonly RegistrationProblem[] {
  const problems: RegistrationProblem[] = [];
  if (data.token_endpoint_auth_method === 'private_key_jwt' && data.jwks === undefined) {
    problems.push({ path: 'jwks', message: 'needed by private_key_jwt' });
  }
  if (data.grant_types.includes('authorization_code') && data.redirect_uris.length === 0) {
    problems.push({ path: 'redirect_uris', message: 'needed by the grant authorization_code' });
  }
  if (data.grant_types.includes('client_credentials') && data.token_endpoint_auth_method === 'none') {
    problems.push({ path: 'token_endpoint_auth_method', message: 'client_credentials needs a credential' });
  }
  return problems;
}

function toClient(data: Registration, clientId: string, secret: string | undefined): OpenidClient {
  return {
    clientId,
    name: data.client_name ?? clientId,
    authMethod: data.token_endpoint_auth_method,
    secretHashes: secret === undefined ? [] : [field.hashSecret(secret)],
    keys: data.jwks?.keys ?? [],
    redirectUris: data.redirect_uris,
    postLogoutRedirectUris: data.post_logout_redirect_uris,
    ...(data.frontchannel_logout_uri === undefined ? {} : { frontchannelLogoutUri: data.frontchannel_logout_uri }),
    frontchannelLogoutSessionRequired: data.frontchannel_logout_session_required,
    ...(data.backchannel_logout_uri === undefined ? {} : { backchannelLogoutUri: data.backchannel_logout_uri }),
    backchannelLogoutSessionRequired: data.backchannel_logout_session_required,
    grantTypes: data.grant_types,
    ...(data.scope === undefined ? {} : { scopes: data.scope }),
    ...(data.id_token_signed_response_alg === undefined ? {} : { idTokenAlg: data.id_token_signed_response_alg }),
    accessTokenFormat: data.access_token_format,
    ...(data.access_token_signed_response_alg === undefined
      ? {}
      : { accessTokenAlg: data.access_token_signed_response_alg }),
    ...(data.default_max_age === undefined ? {} : { defaultMaxAge: data.default_max_age }),
  };
}
