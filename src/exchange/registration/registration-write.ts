import { RegistryUnavailable } from '../../registry/contract.ts';
import type { RegistryChange } from '../../registry/contract.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { ExchangeContext } from '../context.ts';
import { refuse } from '../errors.ts';

/** As many other processes may be first. */
const ATTEMPTS = 20;

/**
 * Writes what is planned on the newest version, or nothing when the plan is that there is nothing to write. Plans again when
 * somebody else wrote first. Throws `registry-unavailable`, and whatever the plan throws.
 */
export function writePlanned(
  { registry, writes }: Pick<ExchangeContext, 'registry' | 'writes'>,
  plan: (snapshot: Snapshot) => RegistryChange | undefined,
): Promise<void> {
  return writes.inTurn(() => attempt(registry, plan));
}

async function attempt(
  registry: ExchangeContext['registry'],
  plan: (snapshot: Snapshot) => RegistryChange | undefined,
): Promise<void> {
  try {
    for (let made = 0; made < ATTEMPTS; made += 1) {
      const snapshot = registry.snapshot();
      const change = plan(snapshot);
      // oxlint-disable-next-line no-await-in-loop -- each attempt is made on what the one before it found
      if (await (change === undefined ? isNewest(registry, snapshot) : isWritten(registry, snapshot, change))) return;
    }
  } catch (cause) {
    if (!(cause instanceof RegistryUnavailable)) throw cause;
    throw refuse('registry-unavailable', 'the registration could not be written', { cause });
  }
  throw refuse('registry-unavailable', 'the rules change too fast to write to them now');
}

/** What another process wrote a moment ago may not be known here: nothing to do is true of the newest version only. */
async function isNewest(registry: ExchangeContext['registry'], { version }: Snapshot): Promise<boolean> {
  return (await registry.refresh()).version === version;
}

async function isWritten(
  registry: ExchangeContext['registry'],
  { version }: Snapshot,
  change: RegistryChange,
): Promise<boolean> {
  return (await registry.commit(version, change)) === 'ok';
}
