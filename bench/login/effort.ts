/** How much is measured. */
export interface Effort {
  readonly sessions: number;
  /** Of mod_auth_openidc, each of them signed in for real. */
  readonly apacheSessions: number;
  readonly requests: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly stormSessions: number;
  readonly idle: number;
  readonly tunnels: number;
}

export const FULL: Effort = {
  sessions: 10_000,
  apacheSessions: 300,
  requests: 5000,
  rounds: 11,
  warmUp: 3,
  connections: 32,
  stormSessions: 500,
  idle: 10_000,
  tunnels: 1000,
};

/** Below a minute: as many sessions, fewer of everything else. */
export const QUICK: Effort = {
  ...FULL,
  apacheSessions: 50,
  requests: 2000,
  rounds: 4,
  warmUp: 2,
  stormSessions: 50,
  idle: 1000,
  tunnels: 100,
};
