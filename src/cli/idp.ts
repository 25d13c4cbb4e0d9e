import { existsSync } from 'node:fs';
import module from 'node:module';
import { caHints } from '../idp/keys/ca-hints.ts';
import type { IdpConfig } from '../idp/config.ts';
import type { Environment } from '../settings.ts';
import { closeWithin, thenEnd } from './end-in-time.ts';
import { parseIdpArguments } from './idp-arguments.ts';
import type { IdpCommand } from './idp-arguments.ts';
import { startIdpAlone } from './idp-alone.ts';
import { describeEnv, envDocument } from './idp-env.ts';
import { idpNotice } from './idp-notice.ts';
import { idpConfig } from './idp-settings.ts';
import { describeIdp, summariseIdp } from './idp-summary.ts';
import { untilSignal } from './until-signal.ts';

const MS_PER_SECOND = 1000;
/** Several times what requests that were begun may take to end. */
const GONE_AFTER_SECONDS = 10;

/**
 * `fullmakt idp`: the local identity providers alone, until SIGINT, SIGTERM or SIGHUP; `fullmakt idp env`: how to believe their
 * CA; `fullmakt idp certificate`: a business certificate. Resolves with the exit code 0. Throws IdpUsage, UpError, UnsafeSetting (78),
 * PortTaken, StateFileDamaged.
 */
export async function runIdp(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  if (args[0] === 'certificate') {
    const { makeCertificate } = await import('./idp-certificate.ts');
    process.stdout.write(await makeCertificate(args.slice(1), env, cwd));
    return 0;
  }
  const command = parseIdpArguments(args);
  const config = idpConfig(command, env, cwd);
  if (command.action === 'env') {
    const hints = caHints(config.stateDir);
    if (!existsSync(hints.caFile)) notice(`${hints.caFile} is not there yet: the first \`fullmakt idp\` makes it`);
    process.stdout.write(command.json ? `${JSON.stringify(envDocument(hints), null, 2)}\n` : describeEnv(hints));
    return 0;
  }
  return thenEnd(() => serveIdp(command, config));
}

async function serveIdp(command: IdpCommand, config: IdpConfig): Promise<number> {
  const ending = untilSignal();
  const running = await startIdpAlone(config, (event) => {
    const line = idpNotice(event);
    if (line !== undefined) notice(line);
  });
  const summary = summariseIdp(config, performance.now() / MS_PER_SECOND);
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeIdp(summary));
  // Now and not at the end: whoever kills this process should not have the next one strip all types again.
  module.flushCompileCache();
  notice(`${await ending}: stopping`);
  await closeWithin(GONE_AFTER_SECONDS, () => running.close());
  return 0;
}

function notice(line: string): void {
  process.stderr.write(`${line}\n`);
}
