import { AcquireError } from '../acquire/acquire-error.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Validated, Validator } from '../judge/validator.ts';
import type { Span } from './spans.ts';

/** The validator inside a span `validate` for each token, timed. */
export function observeValidator(validator: Validator, { inSpan, meters, isMeasured }: Telemetry): Validator {
  if (!isMeasured) return validator;

  const tell = (span: Span, began: number, verdict: Validated): Validated => {
    const outcome = describeVerdict(span, verdict);
    meters?.took('validate', outcome, secondsSince(began));
    return verdict;
  };

  const validate: Validator['validate'] = (token, options) =>
    inSpan('validate', {}, async (span) => {
      const began = performance.now();
      try {
        return tell(span, began, await validator.validate(token, options));
      } finally {
        span.end();
      }
    });

  return {
    ...validator,
    validate,
    async validateOrThrow(token, options) {
      const verdict = await validate(token, options);
      if (!verdict.ok) throw verdict.error;
      return verdict.principal;
    },
    validateSync: (token, options) =>
      inSpan('validate', {}, (span) => {
        const began = performance.now();
        try {
          return tell(span, began, validator.validateSync(token, options));
        } finally {
          span.end();
        }
      }),
  };
}

/** Says in the span how it went, and answers that in a word. */
function describeVerdict(span: Span, verdict: Validated): string {
  const outcome = verdict.ok ? 'accepted' : verdict.error.code;
  if (verdict.ok) {
    span.describe({ 'fullmakt.provider': verdict.principal.provider, 'fullmakt.kind': verdict.principal.kind });
  }
  span.describe({ 'fullmakt.outcome': outcome });
  if (outcome === 'keys_unavailable') span.fail(outcome);
  return outcome;
}

/** What is acquired, for spans and metrics. */
export interface Acquiring {
  readonly path: 'machine' | 'exchange';
  readonly provider: string;
  /** For spans only: there are too many for a label. */
  readonly target: string;
}

/** Work that acquires a token, inside a span `acquire`, timed and counted. */
export async function observeAcquiring<T>(
  { path, provider, target }: Acquiring,
  { inSpan, meters, isMeasured }: Telemetry,
  work: () => Promise<T>,
): Promise<T> {
  if (!isMeasured) return await work();
  const attributes = { 'fullmakt.path': path, 'fullmakt.provider': provider, 'fullmakt.target': target };
  return await inSpan('acquire', attributes, async (span) => {
    const began = performance.now();
    const tell = (outcome: string): void => {
      span.describe({ 'fullmakt.outcome': outcome });
      meters?.acquired(path, provider, outcome);
      meters?.took(path, outcome, secondsSince(began));
    };
    try {
      const value = await work();
      tell('success');
      return value;
    } catch (error) {
      const kind = error instanceof AcquireError ? error.kind : 'bug';
      tell(kind);
      span.fail(kind);
      throw error;
    } finally {
      span.end();
    }
  });
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
