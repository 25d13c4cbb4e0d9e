import { refuse } from '../errors.ts';
import { countIgnored } from './token-form.ts';
import type { AuthenticationAttempt, TokenRequest } from './token-request.ts';

/** Step 2, before anything that costs. */
export function admit(state: TokenRequest): void {
  const ignored = countIgnored(state.form);
  if (ignored > 0) state.context.emit({ event: 'exchange.ignored_parameters', count: ignored });
  admitRequest(state);
}

/** The address did not fail too often, and the rules are fresh. Throws `rate-limited` and `registry-stale`. */
export function admitRequest(attempt: Pick<AuthenticationAttempt, 'context' | 'request' | 'facts'>): void {
  const { context, request, facts } = attempt;
  context.limits.admitSource(request.remoteAddress);
  checkFresh(context);
  facts.admitted = true;
}

/** The rules are those in force. Throws `registry-stale`. */
export function checkFresh({ registry, config }: AuthenticationAttempt['context']): void {
  if (registry.ageSeconds() <= config.registryStaleLimitSeconds) return;
  throw refuse('registry-stale', 'it cannot be told now whether the rules are still the ones in force');
}
