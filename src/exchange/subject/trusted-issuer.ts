import * as z from 'zod';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { createStaticKeySet } from '../../oauth/jwks.ts';
import { RESERVED_CLAIMS } from '../../registry/reserved-claims.ts';

/** Claim name, old value, new value: how an issuer's words become ours. */
export type ClaimMap = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** An issuer whose tokens may be exchanged. Absent members have the defaults of `resolveIssuer`. */
export interface TrustedIssuer {
  readonly name: string;
  /** As in the tokens' `iss`, byte for byte. May be left out with `wellKnown`: the document says it. */
  readonly issuer?: string | undefined;
  readonly wellKnown?: string | undefined;
  readonly jwksUri?: string | undefined;
  /** Takes its documents by http from other machines too: for a network of one's own only. */
  readonly allowHttp?: boolean | undefined;
  readonly jwks?: { readonly keys: readonly unknown[] } | undefined;
  /** Accepted header types; an absent one counts as `JWT`. */
  readonly typ?: readonly string[] | undefined;
  readonly algs?: readonly Algorithm[] | undefined;
  readonly bind: TokenBinding;
  /** Where `@registry` looks our client ids up. */
  readonly provider?: 'idporten' | 'azure' | 'maskinporten' | 'openid' | undefined;
  readonly idTokens?: 'refuse' | 'callerAudience' | undefined;
  /** At least one of these must be there; empty = off. */
  readonly accessTokenMarkers?: readonly string[] | undefined;
  readonly map?: 'idporten-acr' | ClaimMap | undefined;
  /** The claim to use as `sub` where there is none. */
  readonly subFrom?: string | undefined;
  /** Whether the `scope` of its tokens limits ours. */
  readonly scopeLimit?: boolean | undefined;
  /** Seconds since `iat`. */
  readonly maxAge?: number | undefined;
  /** Seconds its clock may be off; the server's unless given. */
  readonly skew?: number | undefined;
  readonly disabled?: boolean | undefined;
}

/** What ties another issuer's token to us: both lists hold where both are given; `any` ties nothing. */
type TokenBinding =
  | 'any'
  | {
      readonly aud?: readonly string[] | undefined;
      readonly clientId?: '@registry' | readonly string[] | undefined;
    };

/** A trusted issuer with every default filled in. */
export interface IssuerRules {
  readonly name: string;
  readonly typ: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly bind: TokenBinding;
  readonly provider: NonNullable<TrustedIssuer['provider']>;
  readonly idTokens: 'refuse' | 'callerAudience';
  readonly accessTokenMarkers: readonly string[];
  readonly map: ClaimMap;
  readonly subFrom: string | undefined;
  readonly scopeLimit: boolean;
  readonly maxAgeSeconds: number | undefined;
  readonly skewSeconds: number | undefined;
}

const IDPORTEN_ACR: ClaimMap = { acr: { 'idporten-loa-substantial': 'Level3', 'idporten-loa-high': 'Level4' } };
const MARKERS = ['client_id', 'azp', 'appid', 'cid', 'scope', 'scp'];
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

const names = z.array(z.string().min(1)).min(1);
const map = z.record(
  z.string().refine((name) => !RESERVED_CLAIMS.has(name), 'a reserved claim cannot be mapped'),
  z.record(z.string(), z.string()),
);
const binding = z
  .strictObject({ aud: names.optional(), clientId: z.union([z.literal('@registry'), names]).optional() })
  .refine(({ aud, clientId }) => aud !== undefined || clientId !== undefined, 'name aud, clientId or both');
/** With keys that can be used: a row that nobody can open must not stand between the other rows and those who follow them. */
const keySet = z.object({ keys: z.array(z.unknown()) }).check(({ value, issues }) => {
  try {
    createStaticKeySet(value.keys);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'a key cannot be used';
    issues.push({ code: 'custom', path: ['keys'], message, input: undefined });
  }
});
const schema: z.ZodType<TrustedIssuer> = z
  .strictObject({
    name: z.string().min(1),
    issuer: z.string().min(1).optional(),
    wellKnown: z.url().optional(),
    jwksUri: z.url().optional(),
    allowHttp: z.boolean().optional(),
    jwks: keySet.optional(),
    typ: names.optional(),
    algs: z.array(z.enum(ALGORITHMS)).min(1).optional(),
    bind: z.union([z.literal('any'), binding]),
    provider: z.enum(['idporten', 'azure', 'maskinporten', 'openid']).optional(),
    idTokens: z.enum(['refuse', 'callerAudience']).optional(),
    accessTokenMarkers: z.array(z.string().min(1)).optional(),
    map: z.union([z.literal('idporten-acr'), map]).optional(),
    subFrom: z.string().min(1).optional(),
    scopeLimit: z.boolean().optional(),
    maxAge: z.number().positive().optional(),
    skew: z.number().min(0).max(60).optional(),
    disabled: z.boolean().optional(),
  })
  .refine(
    (row) => row.issuer ?? ((row.jwksUri ?? row.jwks) ? undefined : row.wellKnown),
    'name issuer, or wellKnown alone',
  )
  .refine((row) => row.wellKnown ?? row.jwksUri ?? row.jwks, 'name wellKnown, jwksUri or jwks');

/** The first of two would answer for both. */
const list: z.ZodType<readonly TrustedIssuer[]> = z
  .array(schema)
  .refine((rows) => {
    const named = rows.flatMap((row) => row.issuer ?? []);
    return new Set(named).size === named.length;
  }, 'two issuers have one name in iss')
  .refine((rows) => new Set(rows.map(({ name }) => name)).size === rows.length, 'two issuers have one name');

/** Reads the list of trusted issuers from a setting. Throws an Error that names every member at fault. */
export function parseTrustedIssuers(value: unknown): readonly TrustedIssuer[] {
  const result = list.safeParse(value);
  if (!result.success)
    throw new Error(`a JSON list of issuers: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  return result.data;
}

/** Fills in what a trusted issuer leaves out. */
export function resolveIssuer(row: TrustedIssuer): IssuerRules {
  return {
    name: row.name,
    typ: row.typ ?? ['JWT', 'at+jwt'],
    algorithms: row.algs ?? ['RS256'],
    bind: row.bind,
    provider: row.provider ?? 'idporten',
    idTokens: row.idTokens ?? 'refuse',
    accessTokenMarkers: row.accessTokenMarkers ?? MARKERS,
    map: row.map === 'idporten-acr' ? IDPORTEN_ACR : (row.map ?? {}),
    subFrom: row.subFrom,
    scopeLimit: row.scopeLimit ?? false,
    maxAgeSeconds: row.maxAge,
    skewSeconds: row.skew,
  };
}
