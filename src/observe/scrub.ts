/** Printed in place of what must not be printed. */
export const REDACTED = '[redacted]';

const PARAMETERS =
  'code|id_token|id_token_hint|access_token|refresh_token|subject_token|actor_token|logout_token|token|' +
  'client_assertion|assertion|client_secret|code_verifier|password|pid|state|nonce';

/** What a secret looks like in the middle of a text, and what to print for it. Every pattern is linear in the text. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|DPoP|Basic) +[^\s,"']+/gi, `$1 ${REDACTED}`],
  [new RegExp(`\\b(${PARAMETERS})=[^&\\s"'#;]+`, 'gi'), `$1=${REDACTED}`],
  [/(__(?:Host|Secure)-[\w.-]{1,100})=[^;\s]+/g, `$1=${REDACTED}`],
  [/:\/\/[^\s/@]{1,300}@/g, `://${REDACTED}@`],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g, REDACTED],
  [/"(d|p|q|dp|dq|qi|k)" ?: ?"[\w-]+"/g, `"$1":"${REDACTED}"`],
  // A national identity number: day (D-numbers add 40), month (synthetic ones add 40, 65 or 80), seven digits.
  [/(?<!\d)(?:[04][1-9]|[1256]\d|[37][01])(?:[048][1-9]|[159][0-2]|6[6-9]|7[0-7])\d{7}(?!\d)/g, REDACTED],
];

/** Words of base64url with dots between them: what a JOSE object is made of. */
const DOTTED = /[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*/g;
const SHORTEST = 'ey12345678'.length;

/** What every one of the patterns needs; most texts have none of it, and are let through after one look. */
const SUSPECT = /ey[A-Za-z0-9_-]{8}|[=@"]|-----|(?:bearer|dpop|basic) |\d{11}/i;

const MAX_TEXT = 4096;

/** The text without anything that looks like a token, code, key, password or national identity number, cut at 4096 characters. */
export function scrubText(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  if (!SUSPECT.test(cut)) return cut;
  return PATTERNS.reduce(
    (result, [pattern, shown]) => result.replace(pattern, shown),
    cut.replace(DOTTED, withoutJose),
  );
}

/** A JOSE object begins with JSON, `ey` in base64url, and goes on behind a dot; `eyJ` is JSON enough without one. */
function withoutJose(dotted: string): string {
  const words = dotted.split('.');
  for (const [index, word] of words.entries()) {
    const isLast = index === words.length - 1;
    const start = word.indexOf(isLast ? 'eyJ' : 'ey');
    if (start !== -1 && word.length - start >= SHORTEST + (isLast ? 1 : 0))
      return [...words.slice(0, index), word.slice(0, start) + REDACTED].join('.');
  }
  return dotted;
}

// Control characters that JSON leaves as they are, line separators, and those that turn the reading direction.
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const CONTROL = new RegExp(`[\\u0000-\\u001f]|${UNPRINTABLE.source}`, 'g');

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A line of JSON, still the same JSON, with no character that could act on a terminal or start a new line. */
export function printableJson(line: string): string {
  return line.replace(UNPRINTABLE, escape);
}

/** A text with every control character written out. */
export function printableText(text: string): string {
  return text.replace(CONTROL, escape);
}
