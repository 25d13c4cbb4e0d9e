/** The text of an object in JSON, made as long as this by white space before its end. */
export function padTo(text: string, length: number): string {
  return `${text.slice(0, -1)}${' '.repeat(length - text.length)}}`;
}
