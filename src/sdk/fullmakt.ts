import type { Fetch } from '../oauth/fetch.ts';
import { createHeaderMemo } from '../oauth/jws-header.ts';
import { parseLocalIssuers, issuerUrlProblem } from '../oauth/local-issuers.ts';
import { AuthError, withoutExplanation } from './auth-error.ts';
import { tokenOf } from './http/authenticate.ts';
import type { RequestLike } from './http/authenticate.ts';
import { readCallerList } from './guards/callers.ts';
import type { CallerList } from './guards/callers.ts';
import { ConfigError } from './config-error.ts';
import { issuersFromEnv } from './settings/environment.ts';
import { safely } from './events.ts';
import type { SdkEvent } from './events.ts';
import { admit } from './guards/guard.ts';
import type { Guard } from './guards/guard.ts';
import { checkIssuers } from './settings/issuer-check.ts';
import { trustIssuer } from './judge/issuer.ts';
import { readPolicy } from './settings/options.ts';
import type { IssuerConfig, Options } from './settings/options.ts';
import type { Principal, Provider } from './principal.ts';
import type { NonEmpty, Result } from './result.ts';
import type { ValidateOptions, ValidationContext } from './judge/validate.ts';
import { createValidator } from './judge/validator.ts';
import type { Validated } from './judge/validator.ts';

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
  close(): void;
}

/** Every issuer the environment names. Throws ConfigError listing all missing or malformed variables at once. */
export function fromEnv(options: Options = {}): Fullmakt {
  const { issuers, findings } = issuersFromEnv(options.env ?? process.env, options.maskinporten);
  return build(issuers, options, findings);
}

/** The given issuers. Throws ConfigError listing everything that is wrong. */
export function create(issuers: NonEmpty<IssuerConfig>, options: Options = {}): Fullmakt {
  return build(issuers, options, []);
}

function build(configs: readonly IssuerConfig[], options: Options, found: readonly string[]): Fullmakt {
  const env = options.env ?? process.env;
  const findings = [...found, ...checkIssuers(configs, env)];
  const policy = readPolicy(options, findings);
  const callers = readCallerList(env, findings);
  if (findings.length > 0) throw new ConfigError(findings);

  const emit = safely(options.onEvent);
  const now = options.clock ?? ((): number => Date.now() / 1000);
  const fetch: Fetch = options.fetch ?? globalThis.fetch;
  const local = parseLocalIssuers(env['FULLMAKT_ALLOW_LOCAL_PROVIDERS']);
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, local) === undefined;
  const dependencies = { fetch, now, emit, isAllowedUrl };
  const issuers = new Map(configs.map((config) => [config.issuer, trustIssuer(config, dependencies)]));
  const explain = options.explain === true && env['NODE_ENV'] !== 'production';
  return assemble({ issuers, policy, callers, now, headers: createHeaderMemo() }, explain, emit);
}

function assemble(context: ValidationContext, explain: boolean, emit: (event: SdkEvent) => void): Fullmakt {
  const shown = (error: AuthError): AuthError => (explain ? error : withoutExplanation(error));

  const { validate, validateSync, refused, close } = createValidator(context, { emit, shown });

  function authorize<T extends Principal>(
    principal: Principal,
    guard: Guard<T>,
  ): Result<{ readonly principal: T }, AuthError> {
    const outcome = admit(guard, principal);
    if (outcome.ok) return outcome;
    const { code, explanation } = outcome.error;
    emit({ event: 'guard.refused', code, provider: principal.provider, guard: guard.text, explanation });
    return { ok: false, error: shown(outcome.error) };
  }

  return {
    validate,
    validateSync,
    authorize,
    async validateOrThrow(token, options) {
      const outcome = await validate(token, options);
      if (!outcome.ok) throw outcome.error;
      return outcome.principal;
    },
    async authenticate(request, guard) {
      const token = tokenOf(request);
      const outcome = token instanceof AuthError ? refused(token) : await validate(token);
      return outcome.ok ? authorize(outcome.principal, guard) : outcome;
    },
    checkGuard: (guard) => {
      checkGuard(guard, context.callers);
    },
    ready: () => readiness(context),
    close() {
      close();
      for (const { keySet } of context.issuers.values()) keySet.close();
    },
  };
}

function checkGuard(guard: unknown, callers: CallerList): void {
  if (typeof guard !== 'function' || !('text' in guard)) {
    throw new ConfigError(['a guard is missing: write anyPrincipal to let any valid token pass']);
  }
  const needsList = 'needs' in guard && guard.needs === 'caller-list';
  if (needsList && callers.entra === undefined && callers.tokenx === undefined) {
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
