/** Texts of JSON that fill this many bytes, each dear to read in its own way; `members` are those of further lists. */
export function dearJson(room: number, members: readonly ((at: number) => string)[] = []): readonly string[] {
  const fill = (unit: string): string => unit.repeat(Math.max(0, Math.floor(room / Buffer.byteLength(unit)) - 1));
  const many = (unit: (at: number) => string): string => {
    const parts: string[] = [];
    for (let [at, length] = [0, 0]; length + 24 < room; at += 1) {
      const part = unit(at);
      parts.push(part);
      length += part.length + 1;
    }
    return parts.join(',');
  };
  return [
    '['.repeat(room),
    `${'['.repeat(room / 2)}${']'.repeat(room / 2)}`,
    `${'{"a":'.repeat(Math.floor(room / 6))}1${'}'.repeat(Math.floor(room / 6))}`,
    `[${many(() => '[]')}]`,
    `[${many(() => '{}')}]`,
    `{${many((at) => `"${at}":0`)}}`,
    `{${many(() => '"a":0')}}`,
    `{${many((at) => `"__proto__${at}":{}`)}}`,
    `"${fill('\\u0061')}"`,
    `"${fill('\\\\')}"`,
    `"${fill('\\ud800')}"`,
    `"${fill('æ')}"`,
    fill('9'),
    `1e${fill('9')}`,
    `0.${fill('1')}`,
    fill(' '),
    `[${many(() => '1e308')}]`,
    `[${many(() => '"a"')}]`,
    ...members.map((member) => `[${many(member)}]`),
  ];
}
