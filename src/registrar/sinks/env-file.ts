const BARE = /^[A-Za-z0-9_./:@%+,-]*$/;

/** Variables as a file that `node --env-file` and a POSIX shell's `.` read alike: one line each (C2). Throws a RangeError for a value that no quoting of both can carry. */
export function formatEnvFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join('');
}

function quote(name: string, value: string): string {
  if (BARE.test(value)) return value;
  if (/[\r\n]/.test(value)) throw new RangeError(`${name} has more than one line`);
  if (!value.includes("'")) return `'${value}'`;
  if (!/["$`\\]/.test(value)) return `"${value}"`;
  throw new RangeError(`${name} mixes quotes in a way that no environment file can carry`);
}
