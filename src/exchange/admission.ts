import { refuse } from './errors.ts';
import { countIgnored } from './token-form.ts';
import type { TokenRequest } from './token-request.ts';

/** Step 2, before anything that costs: the address did not fail too often, and the rules are fresh. */
export function admit({ context, request, form, facts }: TokenRequest): void {
  const { limits, registry, config, emit } = context;
  const ignored = countIgnored(form);
  if (ignored > 0) emit({ event: 'exchange.ignored_parameters', count: ignored });
  limits.admitSource(request.remoteAddress);
  if (registry.ageSeconds() > config.registryStaleLimitSeconds) {
    throw refuse('registry-stale', 'it cannot be told now whether the rules are still the ones in force');
  }
  facts.admitted = true;
}
