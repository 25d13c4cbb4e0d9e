import { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { assertNoMore } from './no-more.ts';

/** A level a route may ask for. The eIDAS levels are reached by eIDAS values only. */
export type MinimumAcr = 'substantial' | 'high' | 'eidas-substantial' | 'eidas-high';

interface Level {
  /** What to ask the provider for: the least value that would pass. */
  readonly least: string;
  readonly accepted: readonly string[];
}

const HIGH: readonly string[] = ['idporten-loa-high', 'Level4'];
const LEVELS: ReadonlyMap<string, Level> = new Map([
  ['substantial', { least: 'idporten-loa-substantial', accepted: ['idporten-loa-substantial', 'Level3', ...HIGH] }],
  ['high', { least: 'idporten-loa-high', accepted: HIGH }],
  ['eidas-substantial', { least: 'eidas-loa-substantial', accepted: ['eidas-loa-substantial', 'eidas-loa-high'] }],
  ['eidas-high', { least: 'eidas-loa-high', accepted: ['eidas-loa-high'] }],
]);

/** The user was authenticated at this level or higher; an unknown or absent level never passes (providers.md 2.4). */
export function requireAcr(minimum: MinimumAcr): Guard;
export function requireAcr(minimum: MinimumAcr, ...more: readonly unknown[]): Guard {
  assertNoMore(more, 'requireAcr: one level is taken, the least that passes');
  const level = LEVELS.get(minimum);
  if (level === undefined)
    throw new ConfigError([
      `requireAcr: ${minimum} is not a level: substantial, high, eidas-substantial or eidas-high`,
    ]);
  return createGuard(`acr ${minimum}`, (principal) => {
    if (principal.acr !== undefined && level.accepted.includes(principal.acr)) return undefined;
    return new AuthError('acr_too_low', {
      acrValues: level.least,
      explanation: `expected acr ${level.least} or higher, got ${principal.acr ?? 'none'}; set spec.login.level of the app the user signs in to`,
    });
  });
}
