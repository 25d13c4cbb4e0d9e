import { existsSync, readFileSync } from 'node:fs';

const CORPUS = new URL('../../../shared/vectors/open-redirects.txt', import.meta.url);

/** Why the corpus cannot be used here; false when it can. */
export const noCorpus: string | false = existsSync(CORPUS)
  ? false
  : 'no test vectors: ../shared/vectors/open-redirects.txt is absent';

/** Every line of the corpus, as it is, decoded once and decoded twice; none twice. */
export function redirectTargets(): readonly string[] {
  const lines = readFileSync(CORPUS, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return [...new Set(lines.flatMap((line) => [line, decoded(line), decoded(decoded(line))]))];
}

/** Targets of this project's own making, for what the corpus lacks: controls, length, user information, our own routes. */
export const OWN_TARGETS: readonly string[] = [
  '/\u0000//evil.test',
  '/\u0009/evil.test',
  '\u0009//evil.test',
  '/\r\nLocation: https://evil.test/',
  '/\r\n\r\n<script>',
  '/\u2028/evil.test',
  '/\u00ad/evil.test',
  '／／evil.test',
  '/／evil.test',
  'https:evil.test',
  'https:/evil.test',
  'https:///evil.test',
  'https:\\\\evil.test',
  'https://app.example.test@evil.test/',
  'https://app.example.test:x@evil.test/',
  'https://app.example.test\u0000.evil.test/',
  'https://app.example.test.evil.test/',
  'https://app.example.test%2eevil.test/',
  'https://xn--pp-eka.example.test/',
  'https://àpp.example.test/',
  'https://[::ffff:7f00:1]/',
  'https://0x7f000001/',
  'javascript:alert(1)',
  'java\tscript:alert(1)',
  'JaVaScRiPt://app.example.test/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  '/..//evil.test',
  '/.//evil.test',
  '/a/..//evil.test',
  '/%2e%2e//evil.test',
  '/a/%2e%2e/%2fevil.test',
  '/;@evil.test',
  '//evil.test/%2e%2e',
  '/?redirect=//evil.test',
  '/#//evil.test',
  '?//evil.test',
  '#//evil.test',
  './/evil.test',
  '..//evil.test',
  '/oauth2/login?redirect=//evil.test',
  '/oauth2/logout',
  '/%6fauth2/logout',
  `/${'a'.repeat(2047)}`,
  `/${'a'.repeat(2048)}`,
  `/${'%2f'.repeat(900)}`,
  `https://evil.test/${'a'.repeat(3000)}`,
];

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
