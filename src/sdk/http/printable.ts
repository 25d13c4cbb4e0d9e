/** Characters a quoted parameter may hold (RFC 6750 3): printable ASCII without quote and backslash; the rest are replaced one by one. */
export function printable(text: string): string {
  return Array.from(text, (character) => {
    if (character === '"' || character === '\\') return "'";
    return character >= ' ' && character <= '~' ? character : '?';
  }).join('');
}
