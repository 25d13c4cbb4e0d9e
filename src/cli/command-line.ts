import type { Environment } from '../settings.ts';
import { type Command, parseCommandLine } from './arguments.ts';
import { errorText } from './error-text.ts';
import { exchangeHelp, help, idpHelp } from './help.ts';
import { boundHeap, keepProcessSmall } from './small-process.ts';

const helpOf = { idp: idpHelp, exchange: exchangeHelp };

const USAGE = 2;
const COULD_NOT_START = 4;

/** Picks the command, runs it, and resolves with its exit code: 0 done, 1 refused, 2 usage, 4 could not start, 78 unsafe. */
export async function runCommandLine(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseCommandLine(args);
  try {
    return await dispatch(command, env, cwd);
  } catch (error) {
    process.stderr.write(`fullmakt: ${errorText(error)}\n`);
    return exitCodeOf(error);
  }
}

async function dispatch(command: Command, env: Environment, cwd: string): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(await helpFor(command.of));
      return 0;
    case 'version': {
      const { readVersion } = await import('./version.ts');
      process.stdout.write(`${readVersion()}\n`);
      return 0;
    }
    case 'usage':
      process.stderr.write(`fullmakt: ${command.says}\n\n${help}`);
      return USAGE;
    case 'up': {
      const { runUp } = await import('./up.ts');
      return runUp(command, env, cwd);
    }
    case 'run': {
      const { run } = await import('./run.ts');
      return run({ ...command, env, cwd });
    }
    case 'validate': {
      const { validate } = await import('./validate.ts');
      return print(validate(command.args, cwd));
    }
    case 'explain': {
      const { explainGrant } = await import('./explain.ts');
      return print(explainGrant(command.args, cwd));
    }
    case 'idp': {
      keepProcessSmall();
      const { runIdp } = await import('./idp.ts');
      return runIdp(command.args, env, cwd);
    }
    case 'exchange': {
      boundHeap();
      const { runExchange } = await import('./exchange.ts');
      return runExchange(command.args, env, cwd);
    }
    case 'login': {
      boundHeap();
      const { runLogin } = await import('./login.ts');
      return runLogin(command.args, env, cwd);
    }
    case 'sidecar': {
      // There is one beside every application: 6 MiB less count for more than the tenth of CPU that they cost.
      keepProcessSmall();
      const { runSidecar } = await import('./sidecar.ts');
      return runSidecar(command.args, env, cwd);
    }
    default:
      return command satisfies never;
  }
}

async function helpFor(of: 'idp' | 'exchange' | 'login' | 'sidecar' | undefined): Promise<string> {
  switch (of) {
    case undefined:
      return help;
    case 'login': {
      const { loginHelp } = await import('./login-help.ts');
      return loginHelp();
    }
    case 'sidecar': {
      const { sidecarHelp } = await import('./sidecar-help.ts');
      return sidecarHelp();
    }
    case 'idp':
    case 'exchange':
      return helpOf[of];
    default:
      return of satisfies never;
  }
}

function print(result: { readonly exitCode: number; readonly stdout: string; readonly stderr: string }): number {
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return result.exitCode;
}

function exitCodeOf(error: unknown): number {
  const own = error instanceof Error && 'exitCode' in error ? error.exitCode : undefined;
  return typeof own === 'number' ? own : COULD_NOT_START;
}
