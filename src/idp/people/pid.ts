const FIRST_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const SECOND_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/**
 * True for a synthetic national number: 11 digits, month + 80, both check digits right.
 * A real number never passes, so none can enter a local service.
 */
export function isSyntheticPid(text: string): boolean {
  if (!/^\d{11}$/.test(text)) return false;
  const digits = Array.from(text, Number);
  const day = Number(text.slice(0, 2)) % 40;
  const month = Number(text.slice(2, 4));
  if (day < 1 || day > 31 || month < 81 || month > 92) return false;
  return checkDigit(digits, FIRST_WEIGHTS) === digits[9] && checkDigit(digits, SECOND_WEIGHTS) === digits[10];
}

/** Modulus 11; 10 fits no digit, so such numbers are never handed out. */
function checkDigit(digits: readonly number[], weights: readonly number[]): number {
  const sum = weights.reduce((total, weight, index) => total + weight * (digits[index] ?? 0), 0);
  return (11 - (sum % 11)) % 11;
}
