import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { issueBusinessCertificate } from '../idp/keys/business-ca.ts';
import { writeWhole } from '../idp/state/files.ts';
import type { Environment } from '../settings.ts';
import { idpConfig } from './idp-settings.ts';

interface CertificateCommand {
  readonly orgno: string;
  readonly out: string;
  readonly dir: string | undefined;
}

/** A command line that says something else than `fullmakt idp certificate` can do. */
class CertificateUsage extends Error {
  readonly exitCode: number = 2;
}

const MS_PER_SECOND = 1000;

/**
 * `fullmakt idp certificate`: a business certificate for tests, issued under the CA of the state folder, which running providers
 * believe at once. Replaces the three files of the same organisation and resolves with the text that names them. Throws
 * CertificateUsage, UpError, StateFileDamaged.
 */
export async function makeCertificate(args: readonly string[], env: Environment, cwd: string): Promise<string> {
  const { orgno, out, dir } = readCertificateArguments(args);
  const config = idpConfig({ ...NO_FLAGS, dir }, env, cwd);
  const issued = await issueBusinessCertificate(config.stateDir, { orgno }, Date.now() / MS_PER_SECOND);
  const path = (ending: string): string => join(resolve(cwd, out), `virksomhet-${orgno}.${ending}`);
  await writeWhole(path('key'), issued.keyPem, 0o600);
  await writeWhole(path('jwk'), `${JSON.stringify(issued.jwk, null, 2)}\n`, 0o600);
  await writeWhole(path('pem'), issued.chainPem, 0o644);
  return [
    `${path('pem')}  certificate and CA`,
    `${path('key')}  private key, PKCS #8`,
    `${path('jwk')}  private key as a JWK with x5c, the chain for the header of assertions`,
    '',
  ].join('\n');
}

const NO_FLAGS = {
  action: 'env',
  only: [],
  also: [],
  clients: undefined,
  json: false,
  allowNonLoopback: false,
} as const;

function readCertificateArguments(args: readonly string[]): CertificateCommand {
  const { orgno, out, dir } = parsed(args);
  if (orgno === undefined || !/^\d{9}$/.test(orgno)) {
    throw new CertificateUsage('idp certificate needs --orgno with nine digits');
  }
  return { orgno, out, dir };
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- the type is what parseArgs makes of the options
function parsed(args: readonly string[]) {
  try {
    const options = {
      orgno: { type: 'string' },
      out: { type: 'string', default: '.' },
      dir: { type: 'string' },
    } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new CertificateUsage(error instanceof Error ? error.message : String(error));
  }
}
