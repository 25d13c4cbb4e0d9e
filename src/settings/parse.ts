/** How the text of each kind of setting becomes a value. Every error's message is the expected form, and quotes nothing of the text. Pure. */

/** An absolute http or https URL, as written. */
export function parseUrl(value: string): string {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const usable =
    parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
  if (!usable || value.includes('#')) throw new Error('a URL such as https://example.com, without user or fragment');
  return value;
}

/** Digits alone, fifteen at most. */
export function parseInteger(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new Error('a whole number');
  return Number(value);
}

/** `true`, `false`, `1` or `0`, in any case. */
export function parseBoolean(value: string): boolean {
  if (/^(?:true|1)$/i.test(value)) return true;
  if (/^(?:false|0)$/i.test(value)) return false;
  throw new Error('true or false');
}

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 60 * 60 };

/** A duration as seconds. */
export function parseSeconds(value: string): number {
  if (/^\d{1,12}$/.test(value)) return Number(value);
  if (!/^(?:\d{1,12}(?:\.\d{1,6})?(?:ms|s|m|h))+$/.test(value))
    throw new Error('a duration such as 90, 10h, 1h30m or 500ms');
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(?<![\d.])([\d.]+)(ms|s|m|h)/g))
    total += Number(amount) * (SECONDS_PER_UNIT[unit ?? ''] ?? 0);
  return total;
}

/** What stands between commas. */
export function splitList(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A JSON document. */
export function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    // The engine's own message quotes the text, which may hold a credential.
    throw new Error('a JSON document');
  }
}

/** A host and a port. */
export function parseAddress(value: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error('a host and a port such as 127.0.0.1:7440');
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '0.0.0.0' : match[2]), port };
}
