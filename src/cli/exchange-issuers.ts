import type { Registry } from '../registry/contract.ts';
import type { Snapshot } from '../registry/model.ts';
import { alignColumns } from '../up/table.ts';
import { UpError } from '../up/state-folder.ts';

const ATTEMPTS = 10;

/** Turns a trusted issuer of subject tokens on or off, for every process of the server. Throws UpError for one that is not there. */
export async function switchIssuer(
  registry: Registry,
  { name, state }: { readonly name: string; readonly state: 'active' | 'disabled' },
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const snapshot = registry.snapshot();
    const row = snapshot.issuer(name);
    if (row === undefined) throw new UpError(`there is no issuer ${name}; there are: ${namesOf(snapshot)}`);
    if (row.state === state) return;
    const audit = [{ actor: 'command line', action: `issuer.${state}`, detail: { name } }];
    if ((await registry.commit(snapshot.version, { putIssuers: [{ ...row, state }], audit })) === 'ok') return;
  }
  throw new UpError('the registry is changed by others without end; try again');
}

/** Every trusted issuer and whether its tokens are taken. */
export function describeIssuers(snapshot: Snapshot, asJson: boolean): string {
  const rows = [...snapshot.issuers()].map(({ name, state, settings }) => ({
    name,
    state,
    issuer: addressOf(settings),
  }));
  if (asJson) return `${JSON.stringify(rows, null, 2)}\n`;
  if (rows.length === 0) return 'no issuers: FULLMAKT_EXCHANGE_ISSUERS names them when the server starts\n';
  return `${alignColumns(rows.map(({ name, state, issuer }) => [name, state, issuer]))}\n`;
}

function namesOf(snapshot: Snapshot): string {
  return [...snapshot.issuers()].map(({ name }) => name).join(', ') || 'none';
}

function addressOf(settings: Readonly<Record<string, unknown>>): string {
  const address = settings['issuer'] ?? settings['wellKnown'];
  return typeof address === 'string' ? address : '';
}
