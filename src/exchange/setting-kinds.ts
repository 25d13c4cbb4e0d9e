import { isProviderUrl } from '../oauth/document.ts';
import { list, seconds, url } from '../settings.ts';
import type { Setting } from '../settings.ts';

type Spec<T> = Omit<Setting<T>, 'kind' | 'parse'>;

/** RFC 8414 section 2: https without query. Plain http only where nobody else can listen. */
export function issuerUrl(spec: Spec<string>): Setting<string> {
  return refined(url(spec), 'an https URL without query (http on localhost)', isIssuer);
}

/** An issuer as `issuerUrl` has it, or one that is reached by http from elsewhere. */
export function anyIssuerUrl(spec: Spec<string>): Setting<string> {
  return refined(url(spec), 'an http or https URL without query', (text) => !text.includes('?'));
}

/** Whether a text may be an issuer where nothing is relaxed. */
export function isIssuer(text: string): boolean {
  return isProviderUrl(text) && !text.includes('?');
}

/** A duration between two others. */
export function within(low: number, high: number, spec: Spec<number>): Setting<number> {
  return refined(
    seconds(spec),
    `a duration between ${low} s and ${high} s`,
    (parsed) => parsed >= low && parsed <= high,
  );
}

/** `all`, `all-legacy`, or the names of claims. */
export function claimNames(
  spec: Spec<'all' | 'all-legacy' | readonly string[]>,
): Setting<'all' | 'all-legacy' | readonly string[]> {
  const { parse } = list({ env: spec.env, says: spec.says });
  return {
    ...spec,
    kind: 'all | all-legacy | list',
    parse: (value) => (value === 'all' || value === 'all-legacy' ? value : parse(value)),
  };
}

function refined<T>(setting: Setting<T>, form: string, isFine: (value: T) => boolean): Setting<T> {
  return {
    ...setting,
    parse: (text) => {
      const parsed = setting.parse(text);
      if (!isFine(parsed)) throw new Error(form);
      return parsed;
    },
  };
}
