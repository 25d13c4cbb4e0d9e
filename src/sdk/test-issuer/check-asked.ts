import { ConfigError } from '../config-error.ts';
import { clockFault } from '../settings/given-functions.ts';
import { unknownMembers } from '../settings/option-names.ts';
import { RECIPES } from './claims.ts';
import type { TokenKind } from './claims.ts';
import type { TokenChanges } from './mint.ts';
import { FAILURES } from './network.ts';
import type { Failure } from './network.ts';

const CHANGES: Readonly<Record<keyof TokenChanges, true>> = {
  claims: true,
  without: true,
  header: true,
  expiresInSeconds: true,
};

/** Throws ConfigError for a clock that gives no seconds. */
export function checkClock(clock: unknown): void {
  const fault = clockFault(clock);
  if (fault !== undefined) throw new ConfigError([`createTestIssuer: ${fault}`]);
}

/** Throws ConfigError for a kind there is not: a test that no compiler saw must not pass for a wrong reason. */
export function checkKind(kind: TokenKind): void {
  if (Object.hasOwn(RECIPES, kind)) return;
  throw new ConfigError([`mint: ${kind} is no kind of token; there are ${Object.keys(RECIPES).join(', ')}`]);
}

/** Throws ConfigError for changes that would change nothing. */
export function checkChanges(changes: TokenChanges): void {
  const findings = unknownMembers(changes, CHANGES).map((finding) => `mint: ${finding}`);
  const { expiresInSeconds: seconds } = changes;
  if (seconds !== undefined && !Number.isFinite(seconds)) findings.push('mint: expiresInSeconds has to be a number');
  if (findings.length > 0) throw new ConfigError(findings);
}

/** Throws ConfigError for a failure there is not, which would leave the providers well. */
export function checkFailure(how: Failure | undefined): void {
  if (how === undefined || FAILURES.includes(how)) return;
  throw new ConfigError([`fail: ${how} is no failure; there are ${FAILURES.join(', ')}`]);
}
