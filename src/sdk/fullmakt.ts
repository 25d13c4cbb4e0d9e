import type { Fetch } from '../oauth/fetch.ts';
import { createHeaderMemo } from '../oauth/jws-header.ts';
import { parseLocalIssuers, issuerUrlProblem } from '../oauth/local-issuers.ts';
import { AuthError, withoutExplanation } from './auth-error.ts';
import { fetchOfNow } from './fetch-of-now.ts';
import { assertRequest, tokenOf } from './http/authenticate.ts';
import type { RequestLike } from './http/authenticate.ts';
import { callerListOf, readCallerList } from './guards/callers.ts';
import { ConfigError } from './config-error.ts';
import { issuersFromEnv, labelInEnv } from './settings/environment.ts';
import { admit, assertGuard } from './guards/guard.ts';
import type { Guard } from './guards/guard.ts';
import { checkIssuers, readableIssuers } from './settings/issuer-check.ts';
import { trustIssuer } from './judge/issuer.ts';
import { assertOptions, unknownOptions } from './settings/option-names.ts';
import { readPolicy } from './settings/options.ts';
import type { IssuerConfig, Options } from './settings/options.ts';
import type { Principal, Provider } from './principal.ts';
import type { NonEmpty, Result } from './result.ts';
import type { ValidateOptions, ValidationContext } from './judge/validate.ts';
import { createTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';
import { observeValidator } from './telemetry/observe.ts';
import { createValidator } from './judge/validator.ts';
import type { Telling, Validated } from './judge/validator.ts';

/** Judges tokens and requests for one application. */
export interface Fullmakt {
  /** Judges one compact JWS. Refusals are values; rejects only on a bug. */
  validate(token: string, options?: ValidateOptions): Promise<Validated>;
  /** The same; a refusal is thrown as AuthError. */
  validateOrThrow(token: string, options?: ValidateOptions): Promise<Principal>;
  /** Without I/O: `keys_unavailable` if the key is not in memory, so call `ready()` at start. */
  validateSync(token: string, options?: ValidateOptions): Validated;
  /** Authorization header, validation, guard: the one call every adapter makes. */
  authenticate<T extends Principal>(
    request: RequestLike,
    guard: Guard<T>,
  ): Promise<Result<{ readonly principal: T }, AuthError>>;
  /** Applies one more guard to a principal that `authenticate` accepted, with the same events and explanations. */
  authorize<T extends Principal>(principal: Principal, guard: Guard<T>): Result<{ readonly principal: T }, AuthError>;
  /** What an adapter calls when a guard is mounted. Throws ConfigError when the guard needs what is not configured. */
  checkGuard(guard: Guard): void;
  /** Loads metadata and keys now; never rejects. */
  ready(): Promise<readonly { readonly provider: Provider; readonly ok: boolean; readonly reason?: string }[]>;
  /** Ends what is on its way and forgets what is known: tokens sent after that are refused as `keys_unavailable`. */
  close(): void;
}

/** Every issuer the environment names. Throws ConfigError listing all missing or malformed variables at once. */
export function fromEnv(options: Options = {}): Fullmakt {
  assertOptions(options);
  const { issuers, leftOut, findings } = issuersFromEnv(options.env ?? process.env, options.maskinporten);
  return build(issuers, options, { found: findings, labelOf: labelInEnv, leftOut });
}

/** The given issuers. Throws ConfigError listing everything that is wrong. */
export function create(issuers: NonEmpty<IssuerConfig>, options: Options = {}): Fullmakt {
  assertOptions(options);
  const found: string[] = [];
  return build(readableIssuers(issuers, found), options, { found });
}

/** Where issuers came from: what is known to be wrong with that, and what one is called there. */
interface Origin {
  readonly found: readonly string[];
  readonly labelOf?: (config: IssuerConfig) => string;
  readonly leftOut?: ValidationContext['leftOut'];
}

function build(configs: readonly IssuerConfig[], options: Options, { found, labelOf, leftOut }: Origin): Fullmakt {
  const env = options.env ?? process.env;
  const findings = [...found, ...checkIssuers(configs, env, labelOf), ...unknownOptions(options)];
  const policy = readPolicy(options, findings);
  const callers = readCallerList(env, findings);
  if (findings.length > 0) throw new ConfigError(findings);

  const telemetry = createTelemetry(options);
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const fetch: Fetch = options.fetch ?? fetchOfNow;
  const local = parseLocalIssuers(env['FULLMAKT_ALLOW_LOCAL_PROVIDERS']);
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, local) === undefined;
  const dependencies = { fetch, now, telemetry, isAllowedUrl };
  const issuers = new Map(configs.map((config) => [config.issuer, trustIssuer(config, dependencies)]));
  const explain = options.explain === true && env['NODE_ENV'] !== 'production';
  return assemble({ issuers, leftOut, policy, callers, now, headers: createHeaderMemo() }, explain, telemetry);
}

function assemble(context: ValidationContext, explain: boolean, telemetry: Telemetry): Fullmakt {
  const { emit, meters } = telemetry;
  const shown = (error: AuthError): AuthError => (explain ? error : withoutExplanation(error));

  const { validate, validateOrThrow, validateSync, refused, close } = observeValidator(
    createValidator(context, { emit, shown }),
    telemetry,
  );

  const authorize = authorizer({ emit, shown });

  return {
    validate,
    validateSync,
    authorize,
    validateOrThrow,
    async authenticate(request, guard) {
      assertGuard(guard);
      assertRequest(request);
      const token = tokenOf(request);
      const outcome = token instanceof AuthError ? refused(token) : await validate(token);
      return outcome.ok ? authorize(outcome.principal, guard) : outcome;
    },
    checkGuard: (guard) => {
      checkGuard(guard, context);
    },
    ready: () => readiness(context),
    close() {
      close();
      meters?.close();
      for (const { keySet } of context.issuers.values()) keySet.close();
    },
  };
}

/** Applies guards and tells of refusals. */
function authorizer({ emit, shown }: Telling): Fullmakt['authorize'] {
  return (principal, guard) => {
    assertGuard(guard);
    const outcome = admit(guard, principal);
    if (outcome.ok) return outcome;
    const { code, explanation } = outcome.error;
    emit({ event: 'guard.refused', code, provider: principal.provider, guard: guard.text, explanation });
    return { ok: false, error: shown(outcome.error) };
  };
}

function checkGuard(guard: unknown, { callers, issuers }: ValidationContext): void {
  assertGuard(guard);
  const listed = Array.from(issuers.values(), ({ config: { provider } }) => callerListOf(callers, provider));
  if (guard.needs === 'caller-list' && listed.every((list) => list === undefined)) {
    throw new ConfigError([
      'requireCaller needs the caller list of the platform: AZURE_APP_PRE_AUTHORIZED_APPS or FULLMAKT_INBOUND_APPS is missing',
    ]);
  }
}

async function readiness({ issuers }: ValidationContext): ReturnType<Fullmakt['ready']> {
  return await Promise.all(
    Array.from(issuers.values(), async ({ config, keySet }) => {
      const ok = await keySet.ready().catch(() => false);
      return { provider: config.provider, ok, ...(ok ? {} : { reason: 'its keys could not be fetched' }) };
    }),
  );
}
