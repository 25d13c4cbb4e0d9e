const GENERATOR = 65537;

const PRIMES: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/**
 * Whether an RSA modulus has the fingerprint of keys made by a flawed smart-card library (CVE-2017-15361, "ROCA"): its
 * remainder by every small prime is a power of 65537. Chance alone gives that to about one key in 10^8.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return PRIMES.every((prime) => powersOfGenerator(prime).has(Number(modulus % BigInt(prime))));
}

function powersOfGenerator(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power);
  return powers;
}
