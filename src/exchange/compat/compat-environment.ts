import * as z from 'zod';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { DAY } from '../../oauth/time.ts';
import type { Environment } from '../../settings.ts';
import { isCompat, TOKENDINGS_PRESET } from './compat-preset.ts';
import type { OperatorSettings } from '../operators/operator-settings.ts';
import type { TrustedIssuer } from '../subject/trusted-issuer.ts';

/** A variable of a tokendings server that cannot be read; the message names it and the form that was expected. */
export class CompatProblem extends Error {
  override readonly name = 'CompatProblem';
}

/** A registrar that signs for itself has one token for all its life. */
const SELF_SIGNED_SECONDS = 730 * DAY;

const mappings = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string())));
const providers = z.array(
  z.looseObject({
    wellKnownUrl: z.url(),
    allowedClusterName: z.string().min(1).nullish(),
    allowedSubjects: z.array(z.string().min(1)).nullish(),
  }),
);
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).min(1) });

/**
 * The environment with the variables of a tokendings server, and the preset, put into our own words; as it is unless
 * `FULLMAKT_EXCHANGE_COMPAT` asks for it. A variable of ours that is set wins, then the legacy one, then the preset. Pure. Throws
 * CompatProblem for JSON that is not what the legacy server reads.
 */
export function compatEnvironment(env: Environment): Environment {
  if (!isCompat(env)) return env;
  return { ...TOKENDINGS_PRESET, ...present(translated(env)), ...present(env) };
}

function translated(env: Environment): Environment {
  const port = valueOf(env, 'APPLICATION_PORT');
  const issuers = issuersOf(env);
  const operators = operatorsOf(env);
  return {
    FULLMAKT_EXCHANGE_ISSUER: valueOf(env, 'ISSUER_URL'),
    FULLMAKT_EXCHANGE_BIND: port === undefined ? undefined : `:${port}`,
    FULLMAKT_EXCHANGE_TOKEN_TTL: valueOf(env, 'TOKEN_EXPIRY_SECONDS'),
    FULLMAKT_EXCHANGE_STORE: valueOf(env, 'DB_JDBC_URL')?.replace(/^jdbc:/, ''),
    FULLMAKT_EXCHANGE_ISSUERS: issuers === undefined ? undefined : JSON.stringify(issuers),
    FULLMAKT_EXCHANGE_OPERATORS: operators.length === 0 ? undefined : JSON.stringify(operators),
  };
}

/** A legacy server takes every token of its issuers, whoever it was issued to: `bind: any`, of which the start warns. */
function issuersOf(env: Environment): readonly TrustedIssuer[] | undefined {
  const list = valueOf(env, 'SUBJECT_TOKEN_ISSUERS');
  if (list === undefined) return undefined;
  const maps = readJson(env, 'SUBJECT_TOKEN_MAPPINGS', mappings) ?? {};
  const addresses = [...new Set(splitList(list))];
  const names = namesOf(addresses);
  return addresses.map((wellKnown, index) => {
    const map = Object.hasOwn(maps, wellKnown) ? maps[wellKnown] : undefined;
    return { name: names[index] ?? wellKnown, wellKnown, bind: 'any', accessTokenMarkers: [], ...(map && { map }) };
  });
}

/** Registrars that an issuer vouches for, or where there is none the one that signs for itself. They may register and nothing else. */
function operatorsOf(env: Environment): readonly OperatorSettings[] {
  const audience = splitList(valueOf(env, 'AUTH_ACCEPTED_AUDIENCE') ?? '');
  const jwks = readJson(env, 'AUTH_CLIENT_JWKS', keySet);
  const keys = jwks === undefined ? {} : { statementKeys: { keys: jwks.keys.map(publicHalf) } };
  const vouched = vouchedFor(env).map((each) => ({ ...each, ...keys, audience, rights: ['register'] as const }));
  const clientId = valueOf(env, 'AUTH_CLIENT_ID');
  if (vouched.length > 0 || clientId === undefined || jwks === undefined) return vouched;
  const own: OperatorSettings = {
    name: clientId,
    jwks: { keys: jwks.keys.map(publicHalf) },
    ...keys,
    audience,
    subjects: [clientId],
    rights: ['register'],
    clients: ['*'],
    maxLifetime: SELF_SIGNED_SECONDS,
    undatedStatements: true,
  };
  return [own];
}

function vouchedFor(
  env: Environment,
): readonly Pick<OperatorSettings, 'name' | 'wellKnown' | 'subjects' | 'clients'>[] {
  const single = valueOf(env, 'AUTH_WELL_KNOWN_URL');
  const listed = readJson(env, 'AUTH_PROVIDER_CONFIGS', providers) ?? [];
  const known = listed.some(({ wellKnownUrl }) => wellKnownUrl === single);
  const all: z.infer<typeof providers> = single === undefined || known ? listed : [...listed, { wellKnownUrl: single }];
  const names = namesOf(all.map(({ wellKnownUrl }) => wellKnownUrl));
  return all.map(({ wellKnownUrl, allowedClusterName, allowedSubjects }, index) => ({
    name: names[index] ?? wellKnownUrl,
    wellKnown: wellKnownUrl,
    subjects: allowedSubjects ?? 'any',
    clients: [allowedClusterName == null ? '*' : `${allowedClusterName}:*`],
  }));
}

const PRIVATE: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']);

/** Key sets of registrars were often handed over whole; nothing private comes in. */
function publicHalf(jwk: PublicJwk): PublicJwk {
  return {
    ...Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.has(name))),
    kty: jwk.kty,
    kid: jwk.kid,
  };
}

/** Issuers by their addresses, which is what every message about them shows; a second one of a name gets a number. */
function namesOf(wellKnowns: readonly string[]): readonly string[] {
  // Of `/.well-known/oauth-authorization-server/tenant` (RFC 8414 3.1) the tenant stays.
  const names = wellKnowns.map((url) => url.replace(/^https?:\/\//, '').replace(/\/\.well-known\/[^/]*/, ''));
  return names.map((name, index) => (names.indexOf(name) === index ? name : `${name} ${index + 1}`));
}

function readJson<T>(env: Environment, name: string, schema: z.ZodType<T>): T | undefined {
  const text = valueOf(env, name);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own message quotes the text.
    throw new CompatProblem(`${name} is not usable: expected a JSON document`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
  throw new CompatProblem(`${name} is not usable: ${where}`);
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** An empty value counts as absent, as in all our settings. */
function valueOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function present(env: Environment): Environment {
  return Object.fromEntries(
    Object.keys(env).flatMap((name) => (valueOf(env, name) === undefined ? [] : [[name, env[name]]])),
  );
}
