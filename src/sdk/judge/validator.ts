import type { VerificationKey } from '../../oauth/jwk.ts';
import { JoseError } from '../../oauth/jws.ts';
import type { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import type { SdkEvent } from '../events.ts';
import { isProvider } from '../principal.ts';
import type { Principal } from '../principal.ts';
import type { Result } from '../result.ts';
import { createMemory } from './memory.ts';
import { fetchKeys, judge, keysInMemory, readToken, refusalOf } from './validate.ts';
import type { Candidate, ValidateOptions, ValidationContext } from './validate.ts';

/** Who a token stands for, or why it does not. */
export type Validated = Result<{ readonly principal: Principal }, AuthError>;

/** Judges tokens, and tells of each verdict. */
export interface Validator {
  readonly validate: (token: string, options?: ValidateOptions) => Promise<Validated>;
  /** The same; a refusal is thrown as AuthError. */
  readonly validateOrThrow: (token: string, options?: ValidateOptions) => Promise<Principal>;
  /** Without I/O: `keys_unavailable` if the key is not in memory. */
  readonly validateSync: (token: string, options?: ValidateOptions) => Validated;
  /** The refusal behind an error, told and in the form to be shown; throws what is no refusal but a bug. */
  readonly refused: (error: unknown) => Validated;
  readonly close: () => void;
}

/** What a verdict is told with: `shown` is the form of a refusal that may leave the application. */
export interface Telling {
  readonly emit: (event: SdkEvent) => void;
  readonly shown: (error: AuthError) => AuthError;
}

/** Ties the checks of one token to keys, memory and events. */
export function createValidator(context: ValidationContext, telling: Telling): Validator {
  const verdicts = createVerdicts(telling);
  const { begin, finish, close } = createHalves(context, verdicts);
  return {
    async validate(token, options) {
      const outcome = begin(token, options);
      // What can be said at once costs no further turn.
      return 'ok' in outcome ? outcome : await finish(outcome);
    },
    async validateOrThrow(token, options) {
      const first = begin(token, options);
      const outcome = 'ok' in first ? first : await finish(first);
      if (!outcome.ok) throw outcome.error;
      return outcome.principal;
    },
    validateSync(token, options) {
      const outcome = begin(token, options);
      if ('ok' in outcome) return outcome;
      // Asked for now, it is there for a later call; that call also learns why it is not.
      fetchKeys(outcome).catch(() => {});
      return verdicts.refused(new JoseError('keys_unavailable', 'the key is not in memory'));
    },
    refused: verdicts.refused,
    close,
  };
}

interface Verdicts {
  readonly accepted: (principal: Principal) => Validated;
  readonly refused: Validator['refused'];
}

/** Verdicts that were told. */
function createVerdicts({ emit, shown }: Telling): Verdicts {
  return {
    accepted(principal) {
      emit(acceptance(principal));
      return { ok: true, principal };
    },
    refused(error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      emit({ event: 'token.refused', code: refusal.code, explanation: refusal.explanation });
      return { ok: false, error: shown(refusal) };
    },
  };
}

interface Halves {
  /** The verdict, or the candidate for one that has to wait for keys. */
  readonly begin: (token: string, options: ValidateOptions | undefined) => Validated | Candidate;
  readonly finish: (candidate: Candidate) => Promise<Validated>;
  readonly close: () => void;
}

/** Judging in two halves: what is said at once, and what is said once the keys are there. */
function createHalves(context: ValidationContext, { accepted, refused }: Verdicts): Halves {
  const memory = createMemory(context);

  function settle(candidate: Candidate, keys: readonly VerificationKey[]): Validated {
    const principal = judge(candidate, keys, context);
    memory?.keep(candidate, principal);
    return accepted(principal);
  }

  return {
    begin(token, options) {
      if (options !== undefined) checkNarrowing(options);
      try {
        const known = memory?.find(token, options);
        if (known !== undefined) return accepted(known);
        const candidate = readToken(token, context, options);
        const keys = keysInMemory(candidate);
        return keys === undefined ? candidate : settle(candidate, keys);
      } catch (error) {
        return refused(error);
      }
    },
    async finish(candidate) {
      try {
        return settle(candidate, await fetchKeys(candidate));
      } catch (error) {
        return refused(error);
      }
    },
    close: () => memory?.close(),
  };
}

/** Callers without types are caught here too: what narrows nothing would let everyone pass. */
function checkNarrowing({ providers, ...others }: ValidateOptions): void {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new ConfigError([`validate: ${unknown} is not an option; there is providers`]);
  if (providers === undefined) return;
  if (Array.isArray(providers) && providers.length > 0 && providers.every(isProvider)) return;
  throw new ConfigError([
    'validate: providers has to be a list of entra_id, tokenx, idporten, maskinporten or oidc:<name>',
  ]);
}

function acceptance(principal: Principal): SdkEvent {
  const { provider, kind, caller } = principal;
  const jti = typeof principal.claims.jti === 'string' ? principal.claims.jti : undefined;
  return { event: 'token.accepted', provider, kind, caller, jti };
}
