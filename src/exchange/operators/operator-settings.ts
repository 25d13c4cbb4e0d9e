import * as z from 'zod';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { importVerificationKey } from '../../oauth/jwk.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { HOUR } from '../../oauth/time.ts';
import { isAppIdPart } from '../../registry/app-id.ts';

/** What an operator may do. */
export type OperatorRight = 'register' | 'explain' | 'revoke' | 'keys' | 'read';

/** A machine that administers this server with bearer tokens. Absent members have the defaults named here. */
export interface OperatorSettings {
  readonly name: string;
  /** In the token's `iss`, byte for byte. With `wellKnown` the document may say it; an operator that signs for itself has none. */
  readonly issuer?: string | undefined;
  readonly wellKnown?: string | undefined;
  readonly jwksUri?: string | undefined;
  /** The operator's own public keys: it signs its tokens itself. */
  readonly jwks?: OperatorKeys | undefined;
  /** RS256 alone unless given. */
  readonly algs?: readonly Algorithm[] | undefined;
  /** Each of them must stand in the token's `aud`. */
  readonly audience: readonly string[];
  /** Who of the issuer may come; `any` = everyone it gives a token for the audience. */
  readonly subjects: 'any' | readonly string[];
  readonly rights: readonly OperatorRight[];
  /** The apps it may touch: `cluster:*` or `cluster:namespace:*`; in the place of a tokendings server also `*`, those of every cluster. */
  readonly clients?: readonly string[] | undefined;
  /** Public keys of the software statements it hands in (RFC 7591 2.3). */
  readonly statementKeys?: OperatorKeys | undefined;
  /** Seconds a token may live; 3600 unless given, and no more but in the place of a tokendings server. One without `iat` is measured from now. */
  readonly maxLifetime?: number | undefined;
  /** Whether its software statements may lack `aud`, `exp` and `jti`. */
  readonly undatedStatements?: boolean | undefined;
}

interface OperatorKeys {
  readonly keys: readonly PublicJwk[];
}

const RIGHTS = ['register', 'explain', 'revoke', 'keys', 'read'] as const;
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

const names = z.array(z.string().min(1)).min(1);
const keys = z.strictObject({
  keys: z
    .array(z.looseObject({ kty: z.string(), kid: z.string() }).refine(isUsableKey, 'a public key that can verify'))
    .min(1)
    .refine((list) => new Set(list.map(({ kid }) => kid)).size === list.length, 'two keys have one kid'),
});
interface Leeway {
  readonly isPattern: (text: string) => boolean;
  /** Seconds. */
  readonly longestLifetime: number;
}
const row = ({ isPattern, longestLifetime }: Leeway): z.ZodType<OperatorSettings> =>
  z
    .strictObject({
      name: z.string().min(1),
      issuer: z.string().min(1).optional(),
      wellKnown: z.url().optional(),
      jwksUri: z.url().optional(),
      jwks: keys.optional(),
      algs: z.array(z.enum(ALGORITHMS)).min(1).optional(),
      audience: names,
      subjects: z.union([z.literal('any'), names]),
      rights: z.array(z.enum(RIGHTS)).min(1),
      clients: z.array(z.string().refine(isPattern, '`cluster:*` or `cluster:namespace:*`')).optional(),
      statementKeys: keys.optional(),
      maxLifetime: z.number().positive().max(longestLifetime).optional(),
      undatedStatements: z.boolean().optional(),
    })
    .refine(
      ({ wellKnown, jwksUri, jwks }) =>
        [wellKnown, jwksUri, jwks].filter((source) => source !== undefined).length === 1,
      'name one of wellKnown, jwksUri and jwks',
    )
    .refine(({ jwksUri, issuer }) => jwksUri === undefined || issuer !== undefined, 'jwksUri needs issuer');

/** Reads the list of operators from a setting. Throws an Error that names every member at fault. */
export function parseOperators(value: unknown): readonly OperatorSettings[] {
  return parseWith(row({ isPattern: isClientPattern, longestLifetime: HOUR }), value);
}

/**
 * The same where a tokendings server stood, whose registrars may be of no cluster in particular, `*` is all of them, and may have
 * one token for all their life.
 */
export function parseLegacyOperators(value: unknown): readonly OperatorSettings[] {
  return parseWith(row({ isPattern: isLegacyPattern, longestLifetime: Infinity }), value);
}

function parseWith(schema: z.ZodType<OperatorSettings>, value: unknown): readonly OperatorSettings[] {
  const list = z
    .array(schema)
    .refine((rows) => new Set(rows.map(({ name }) => name)).size === rows.length, 'two operators have one name');
  const result = list.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`a JSON list of operators: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
}

function isClientPattern(text: string): boolean {
  const parts = text.split(':');
  return (parts.length === 2 || parts.length === 3) && parts.pop() === '*' && parts.every(isAppIdPart);
}

function isLegacyPattern(text: string): boolean {
  return text === '*' || isClientPattern(text);
}

function isUsableKey(jwk: unknown): boolean {
  try {
    importVerificationKey(jwk);
    return true;
  } catch {
    return false;
  }
}
