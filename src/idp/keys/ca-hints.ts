import { join } from 'node:path';

/** How programs are told to believe the private CA of a state folder. */
export interface CaHints {
  readonly caFile: string;
  /** Variables, each of which makes some runtimes or tools believe it. */
  readonly variables: Readonly<Record<string, string>>;
  /** The directive of Apache's mod_auth_openidc. */
  readonly apache: string;
  /** A command that puts it into a Java truststore. */
  readonly keytool: string;
}

/** The variables: Node adds the file to the public authorities; to the others it is the whole list. */
const VARIABLES = ['NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'] as const;

/** The hints of a state folder, whose path should be absolute: programs are started elsewhere. */
export function caHints(stateDir: string): CaHints {
  const caFile = join(stateDir, 'ca.pem');
  return {
    caFile,
    variables: Object.fromEntries(VARIABLES.map((name) => [name, caFile])),
    apache: `OIDCCABundlePath "${caFile}"`,
    keytool:
      `keytool -importcert -noprompt -alias fullmakt-local -file ${shellWord(caFile)} ` +
      '-keystore truststore.p12 -storetype PKCS12 -storepass changeit',
  };
}

/** One line for people: the variable that Node reads, and where the others are. */
export function describeCaHints({ caFile, variables }: CaHints): string {
  return `NODE_EXTRA_CA_CERTS=${shellWord(caFile)}  (also ${Object.keys(variables).slice(1).join(', ')})`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
