/** How much is measured. Durations are seconds. */
export interface Effort {
  /** Requests of one side in one round. */
  readonly requests: number;
  readonly rounds: number;
  /** Rounds that are not counted: the compiler is still at work. */
  readonly warmUp: number;
  readonly starts: number;
  /** Below the ten after which a server closes connections that nothing was asked on. */
  readonly expirySeconds: number;
  readonly unknownKids: number;
  /** Unknown key ids a second. */
  readonly floodRate: number;
}

export const FULL: Effort = {
  requests: 6000,
  rounds: 5,
  warmUp: 3,
  starts: 7,
  expirySeconds: 9,
  unknownKids: 100_000,
  floodRate: 4000,
};

/** Below a minute. */
export const QUICK: Effort = {
  ...FULL,
  requests: 3000,
  warmUp: 2,
  starts: 2,
  expirySeconds: 5,
  unknownKids: 10_000,
  floodRate: 2500,
};
