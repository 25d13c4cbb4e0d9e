/** What makes careless readers go back and forth. */
export const UNITS: readonly string[] = [
  'a',
  ' ',
  '/',
  '.',
  '=',
  '%20',
  '+',
  '[',
  '{"a":',
  '"\\\\',
  '0',
  'æ',
  'a.',
  'a ',
  '://',
  '..',
  '\t',
];

/** JSON values where another kind is meant. */
export const VALUES: readonly [unknown, ...unknown[]] = [-1, 0, 1e308, 1.5, 2 ** 53, null, true, [], {}, [[]], ['']];

/** What one request of legal size may cost, the server and its client together, in milliseconds of CPU. */
export const MAX_CPU_MS = 50;

/** The CPU that this thread has had, in milliseconds: what else the machine does is not in it. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What one attempt costs, in milliseconds of CPU. */
export async function cpuMs(attempt: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage();
  await attempt();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

/** The least of so many measurements, or the first within bounds: other work of the machine may fall into one of them, but not into all. */
export async function leastMs(tries: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < tries && least > MAX_CPU_MS; attempt += 1) least = Math.min(least, await measure());
  return least;
}
