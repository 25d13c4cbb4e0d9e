/** A clock that stands until it is moved. Gives seconds since the epoch. */
export interface FakeClock {
  (): number;
  advance(seconds: number): void;
}

const START_SECONDS = 1_800_000_000;

/** Makes one; it begins in January 2027 unless told otherwise. */
export function fakeClock(startSeconds: number = START_SECONDS): FakeClock {
  let now = startSeconds;
  const advance = (seconds: number): void => {
    now += seconds;
  };
  return Object.assign(() => now, { advance });
}
