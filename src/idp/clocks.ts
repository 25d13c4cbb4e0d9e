import type { Clock } from '../oauth/time.ts';

/** Where a clock stands: moved by some seconds, or held at one moment (seconds since the epoch). */
export type ClockSetting = { readonly offset: number } | { readonly frozen: number };

/** The clocks of all personas; moving one moves every expiry of that persona, but neither TLS nor the HTTP `Date`. */
export interface Clocks {
  /** The clock of one persona, for its life. */
  of(persona: string): Clock;
  /** Sets one persona's clock; without a persona all of them. */
  set(setting: ClockSetting, persona?: string): void;
  /** How a persona's clock is set; without a persona the setting of those that have none of their own. */
  setting(persona?: string): ClockSetting;
  reset(): void;
}

const RUNNING: ClockSetting = { offset: 0 };

/** Clocks that all run with `base` until they are set. */
export function createClocks(base: Clock): Clocks {
  const own = new Map<string, ClockSetting>();
  let common = RUNNING;
  const setting = (persona?: string): ClockSetting => (persona === undefined ? common : (own.get(persona) ?? common));
  return {
    of: (persona) => () => {
      const now = setting(persona);
      return 'frozen' in now ? now.frozen : base() + now.offset;
    },
    set: (next, persona) => {
      if (persona !== undefined) own.set(persona, next);
      else {
        own.clear();
        common = next;
      }
    },
    setting,
    reset: () => {
      own.clear();
      common = RUNNING;
    },
  };
}
