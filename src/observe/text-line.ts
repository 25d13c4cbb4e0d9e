import { printableText } from './scrub.ts';

const LEVELS: Readonly<Record<string, string>> = { debug: 'debug', info: 'info ', warn: 'WARN ', error: 'ERROR' };

/**
 * A JSON log line as a developer reads it at a terminal: local time, level, program, event, then the other fields.
 * An error's stack follows on lines of its own.
 */
export function textLine(json: string): string {
  const record: unknown = JSON.parse(json);
  if (!isObject(record)) return `${printableText(json)}\n`;
  const { level, time, program, event, ...fields } = record;
  const stacks: string[] = [];
  const words = Object.entries(fields).map(([name, value]) => word(name, value, stacks));
  const head = [clock(String(time)), LEVELS[String(level)] ?? String(level), String(program).padEnd(9), String(event)];
  const line = printableText([...head, ...words].join('  '));
  return `${[line, ...stacks].join('\n')}\n`;
}

function word(name: string, value: unknown, stacks: string[]): string {
  if (isObject(value) && typeof value['stack'] === 'string') {
    const { stack: _, type, message, ...rest } = value;
    const frames = value['stack'].split('\n').filter((line) => line.trimStart().startsWith('at '));
    stacks.push(...frames.map((line) => `    ${printableText(line.trim())}`));
    const more = Object.entries(rest).map(([inner, item]) => word(inner, item, stacks));
    return [`${name}=${shown(`${String(type)}: ${String(message)}`)}`, ...more].join(' ');
  }
  return `${name}=${typeof value === 'string' ? shown(value) : JSON.stringify(value)}`;
}

/** As it is when that is unmistakable, else quoted. */
function shown(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function clock(time: string): string {
  const at = new Date(time);
  const seconds = `${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  return `${two(at.getHours())}:${two(at.getMinutes())}:${seconds}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
