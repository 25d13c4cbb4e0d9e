/** Amounts that can be read, but that no proxy can work with. Pure. */
import { DAY, HOUR } from '../../oauth/time.ts';
import { variableOf } from './kinds.ts';
import type { LoginSettings } from './table.ts';

/** Browsers keep no cookie for longer. */
const LONGEST_SESSION_DAYS = 400;
const LONGEST_SHUTDOWN_HOURS = 24;

/** What is wrong with durations and counts: each has to be above zero, and some have a most. */
export function judgeAmounts(settings: Partial<LoginSettings>): readonly string[] {
  const least: Readonly<Record<string, number | undefined>> = {
    'session.max-lifetime': settings.sessionMaxLifetime,
    'session.inactivity-timeout': settings.sessionInactivityTimeout,
    'ratelimit.logins': settings.ratelimitLogins,
  };
  const problems = Object.entries(least).flatMap(([name, value]) =>
    value === undefined || value > 0 ? [] : [`${variableOf(name)} has to be above zero`],
  );
  const { sessionMaxLifetime: lifetime = 0, shutdownGracefulPeriod: grace = 0 } = settings;
  if (lifetime > LONGEST_SESSION_DAYS * DAY)
    problems.push(`${variableOf('session.max-lifetime')} has to be ${LONGEST_SESSION_DAYS * 24}h at most`);
  if (grace > LONGEST_SHUTDOWN_HOURS * HOUR)
    problems.push(`${variableOf('shutdown-graceful-period')} has to be ${LONGEST_SHUTDOWN_HOURS}h at most`);
  return problems;
}
