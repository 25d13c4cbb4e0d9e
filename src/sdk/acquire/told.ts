/** Entra ID takes half of that to say what is wrong and where to look it up. */
const MAX_CHARACTERS = 1000;
/** What is shorter is no secret, or none worth anything. */
const MIN_SECRET = 16;
const REMOVED = '[removed]';

/**
 * What a provider says of a failure, fit for logs: one line of 1000 characters at most, without `secret`, which it was sent, and
 * without anything that looks like a token of its own (RFC 7515 7.1) or a piece of one. No regular expression reads it.
 */
export function fitForLogs(text: string, secret = ''): string {
  const without = secret.length < MIN_SECRET ? text : text.replaceAll(secret, REMOVED);
  // More than is kept, for tokens that are taken out make room; the rest of a long text is never looked at.
  const shown = withoutTokens(without.slice(0, 8 * MAX_CHARACTERS));
  return shown.length <= MAX_CHARACTERS ? shown : `${shown.slice(0, MAX_CHARACTERS)}…`;
}

/** Runs of a token's characters are looked at one by one; what controls a terminal or begins a line is a space. */
function withoutTokens(text: string): string {
  let out = '';
  let run = '';
  for (const character of text) {
    if (isOfToken(character)) {
      run += character;
      continue;
    }
    out += shownRun(run) + (character < ' ' || character === '\u007F' ? ' ' : character);
    run = '';
  }
  return out + shownRun(run);
}

function shownRun(run: string): string {
  return run.length >= MIN_SECRET && isTokenLike(run) ? REMOVED : run;
}

/** base64url of `{"` begins so, and with it every header and every payload that is written without spaces. */
function isTokenLike(run: string): boolean {
  return run.includes('eyJ') || (run.startsWith('ey') && run.includes('.'));
}

function isOfToken(character: string): boolean {
  return (
    (character >= 'a' && character <= 'z') ||
    (character >= 'A' && character <= 'Z') ||
    (character >= '0' && character <= '9') ||
    character === '-' ||
    character === '_' ||
    character === '.'
  );
}
