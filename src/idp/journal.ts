import { createHash } from 'node:crypto';
import type { Clock } from '../oauth/time.ts';

/** A token that was issued. `raw` leaves the process only through the control API, and only when asked for. */
export interface IssuedToken {
  readonly persona: string;
  readonly client: string;
  readonly kind: 'access' | 'id' | 'logout' | 'response';
  /** Seconds since the epoch. */
  readonly time: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly raw: string;
}

/** What the last requests and tokens were; bounded, oldest out. */
export interface Journal {
  noteIssued(token: IssuedToken): void;
  issued(): readonly IssuedToken[];
  clear(): void;
}

const MAX_ENTRIES = 5000;

/** An empty journal. */
export function createJournal(): Journal {
  let issued: IssuedToken[] = [];
  return {
    noteIssued: (token) => {
      issued.push(token);
      // Twice the length before it is cut: cutting one by one would move the whole list each time.
      if (issued.length >= 2 * MAX_ENTRIES) issued = issued.slice(-MAX_ENTRIES);
    },
    issued: () => issued.slice(-MAX_ENTRIES),
    clear: () => {
      issued = [];
    },
  };
}

/** SHA-256 of a token, base64url: names it without being it. */
export function tokenHash(raw: string): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** A clock reading for the journal: whole seconds. */
export function wholeSeconds(now: Clock): number {
  return Math.floor(now());
}
