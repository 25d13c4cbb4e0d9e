const FIRST_WEIGHTS: readonly number[] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const SECOND_WEIGHTS: readonly number[] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
const NUMBERS_PER_SEED = 50_000;

/**
 * Synthetic national identity numbers, no two alike: dates of birth whose month is raised by 80, as in test populations,
 * so that they belong to nobody, with right control digits. Seeds 0 to 671 have 40,000 each and share none.
 */
export function* syntheticPids(seed: number): Generator<string, never> {
  for (let n = seed * NUMBERS_PER_SEED; ; n += 1) {
    const pid = withControlDigits(dateAndIndividual(n));
    if (pid !== undefined) yield pid;
  }
}

/** Whether the two last digits are what the others make them. */
export function hasRightControlDigits(pid: string): boolean {
  return /^\d{11}$/.test(pid) && withControlDigits(pid.slice(0, 9)) === pid;
}

/** The n-th combination of day, month, year and individual number. */
function dateAndIndividual(n: number): string {
  const date = Math.floor(n / 1000);
  const day = 1 + (date % 28);
  const month = 81 + (Math.floor(date / 28) % 12);
  const year = Math.floor(date / 336) % 100;
  const two = [day, month, year].map((part) => String(part).padStart(2, '0'));
  return `${two.join('')}${String(n % 1000).padStart(3, '0')}`;
}

/** Nine digits with their two control digits; undefined for the few that have none. */
function withControlDigits(nine: string): string | undefined {
  const ten = withDigit(nine, FIRST_WEIGHTS);
  return ten && withDigit(ten, SECOND_WEIGHTS);
}

function withDigit(digits: string, weights: readonly number[]): string | undefined {
  const sum = weights.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  const digit = (11 - (sum % 11)) % 11;
  return digit === 10 ? undefined : `${digits}${digit}`;
}
