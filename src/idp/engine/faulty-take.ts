import type { FaultName } from '../faults.ts';
import { parseFault } from '../faults.ts';
import type { Realm } from '../persona.ts';
import type { UserGrant } from './user-grant.ts';

/** Where a fault could act: a client at an endpoint, and the sign-in that it is about, if one is known. */
export interface FaultSpot {
  readonly realm: Realm;
  readonly endpoint: string;
  readonly client: string | undefined;
  readonly grant?: Pick<UserGrant, 'grantId' | 'faults'> | undefined;
}

/** Longer than any sign-in goes on in a test. */
const ONCE_SECONDS = 24 * 60 * 60;

/**
 * The value of a fault that acts here now (empty when it has none), told as an event; undefined when none does. What was ticked
 * at the sign-in goes first and acts once, then the rules.
 */
export async function takeFault(spot: FaultSpot, fault: FaultName): Promise<string | undefined> {
  const { realm, endpoint, client, grant } = spot;
  const value =
    (await takeTicked(realm, grant, fault)) ??
    realm.faults.take({ persona: realm.persona.name, client, endpoint }, fault);
  if (value === undefined) return undefined;
  const told = value === '' ? fault : `${fault}:${value}`;
  realm.emit({ event: 'idp.fault', persona: realm.persona.name, endpoint, client, fault: told });
  return value;
}

/** The value of a fault in a list of ticked ones. */
export function tickedValue(ticked: readonly string[], fault: FaultName): string | undefined {
  const found = ticked.map(parseFault).find((each) => each?.fault === fault);
  return found === undefined ? undefined : (found.value ?? '');
}

async function takeTicked(realm: Realm, grant: FaultSpot['grant'], fault: FaultName): Promise<string | undefined> {
  if (grant === undefined || grant.faults.length === 0) return undefined;
  const value = tickedValue(grant.faults, fault);
  if (value === undefined) return undefined;
  return (await realm.memory.once(`fault ${grant.grantId} ${fault}`, ONCE_SECONDS)) ? value : undefined;
}
