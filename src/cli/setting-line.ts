import type { describeSettings } from '../settings.ts';

const WIDTH = 36;
const TEXT_WIDTH = 88;

/** A setting in a help text: its flag, and what `describeSettings` says of it. */
export function settingLine(
  name: string | undefined,
  row: ReturnType<typeof describeSettings>[number] | undefined,
): string {
  const { env = '', says = '', aliases = [], kind = '', default: otherwise = 'none' } = row ?? {};
  const also = aliases.length === 0 ? says : `${says} (${aliases.join(', ')})`;
  return `  --${(name ?? env).padEnd(WIDTH)}${wrapped(`${also} [${kind}; ${otherwise}]`)}`;
}

/** Words in lines of a screen's width, each below the first. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= TEXT_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(WIDTH + 4)}`);
}
