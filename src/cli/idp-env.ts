import { type CaHints, shellWord } from '../idp/keys/ca-hints.ts';

/** What `fullmakt idp env` prints: lines for a POSIX shell. What is no variable stands in comments. */
export function describeEnv({ variables, apache, keytool }: CaHints): string {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  const comments = [`# Apache, mod_auth_openidc: ${apache}`, `# Java: ${keytool}`];
  return `${[...exports, ...comments].join('\n')}\n`;
}

/** The same as one JSON document. */
export function envDocument({ variables, apache, keytool }: CaHints): Readonly<Record<string, string>> {
  return { ...variables, OIDCCABundlePath: apache.replace(/^\S+ "(.*)"$/, '$1'), keytool };
}
