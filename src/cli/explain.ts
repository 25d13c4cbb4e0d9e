import { parseArgs } from 'node:util';
import { type AppId, parseAppId } from '../registry/app-id.ts';
import { type Decision, decide, type DecisionInput, type DenyReason, describeFix } from '../registry/decide.ts';
import { formatProblem } from '../registrar/problem.ts';
import { UpError } from '../up/state-folder.ts';
import { type CommandResult, type ManifestFolder, readManifestFolder } from './manifest-folder.ts';

const USAGE = 2;

const WORDS: Readonly<Record<DenyReason, string>> = {
  'target-unknown': 'there is no such target',
  'target-disabled': 'the target is disabled',
  'target-provider-off': 'the target is no client of this provider',
  'consumer-unknown': 'there is no such consumer',
  'consumer-disabled': 'the consumer is disabled',
  'consumer-provider-off': 'the consumer is no client of this provider',
  'no-rule': 'no inbound rule of the target names the consumer',
  'wildcard-network-only': 'only a rule with * matches, and such a rule gives no token',
  'user-not-in-groups': 'the user is in none of the groups of the target',
};

/**
 * `fullmakt explain <consumer> <target>`: the grant decision over a folder of manifests, with the rules that gave it or the
 * line that would. Apps are `namespace/app` or `cluster:namespace:app`. Exit code 0 allowed, 1 refused, 2 wrong usage.
 */
export function explainGrant(args: readonly string[], cwd: string): CommandResult {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        provider: { type: 'string', default: 'tokenx' },
        groups: { type: 'string' },
        dir: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const folder = readManifestFolder(values.dir, cwd);
    const input = readQuestion(positionals, values, folder);
    const decision = decide(input, folder.snapshot);
    const stdout = values.json ? `${JSON.stringify({ ...input, ...decision }, null, 2)}\n` : describe(input, decision);
    const errors = folder.problems.filter((problem) => problem.type === 'Error');
    return {
      exitCode: decision.allow ? 0 : 1,
      stdout,
      stderr: errors.map((each) => `${formatProblem(each)}\n`).join(''),
    };
  } catch (error) {
    if (error instanceof UpError || error instanceof TypeError) {
      return { exitCode: USAGE, stdout: '', stderr: `fullmakt explain: ${error.message}\n` };
    }
    throw error;
  }
}

function readQuestion(
  positionals: readonly string[],
  values: { readonly provider: string; readonly groups?: string | undefined },
  folder: ManifestFolder,
): DecisionInput {
  const [consumer, target, ...more] = positionals;
  if (consumer === undefined || target === undefined || more.length > 0) {
    throw new UpError('expected two apps: fullmakt explain <namespace>/<consumer> <namespace>/<target>');
  }
  const apps = { consumer: readApp(consumer, folder.cluster), target: readApp(target, folder.cluster) };
  const userGroups = values.groups?.split(',').map((group) => group.trim());
  if (values.provider === 'tokenx') return { ...apps, provider: 'tokenx', flow: 'exchange' };
  if (values.provider !== 'azure') throw new UpError('--provider is tokenx or azure');
  if (userGroups === undefined) return { ...apps, provider: 'azure', flow: 'client_credentials' };
  return { ...apps, provider: 'azure', flow: 'obo', userGroups };
}

function readApp(text: string, cluster: string): AppId {
  const id = parseAppId(text) ?? parseAppId(`${cluster}:${text.replace('/', ':')}`);
  if (id === undefined)
    throw new UpError(`${text} is no app: expected <namespace>/<app> or <cluster>:<namespace>:<app>`);
  return id;
}

function describe({ consumer, target, provider, flow }: DecisionInput, decision: Decision): string {
  const what = `${provider === 'azure' ? 'Entra ID' : 'TokenX'} token (${flow})`;
  if (!decision.allow) {
    const fix = decision.fix === undefined ? '' : `  to allow it, ${describeFix(decision.fix)}\n`;
    return `no: ${consumer} gets no ${what} for ${target}\n  ${decision.reason}: ${WORDS[decision.reason]}\n${fix}`;
  }
  const rules = decision.rules.map((rule) => `  by ${rule.path} in ${rule.file}:${rule.line}\n`);
  const facts = [
    ['roles', decision.roles],
    ['scopes', decision.scopes],
    ['groups', decision.groups],
    ['subject issuers', decision.issuers ?? []],
  ] as const;
  const lines = facts.filter(([, list]) => list.length > 0).map(([name, list]) => `  ${name}: ${list.join(', ')}\n`);
  return `yes: ${consumer} gets a ${what} for ${target}\n${rules.join('')}${lines.join('')}`;
}
