import type { Realm } from '../persona.ts';
import type { LocalClient } from './client.ts';
import { takeFault } from './faulty-take.ts';
import { Refusal } from './refusal.ts';
import type { UserGrant } from './user-grant.ts';

/** What using a refresh token of this grant does: the client's own rule, unless a fault keeps the token. Throws a Refusal when one rejects it. */
export async function refreshUsage(
  realm: Realm,
  client: LocalClient,
  grant: UserGrant,
): Promise<LocalClient['refresh']['usage']> {
  if (!realm.faults.active && grant.faults.length === 0) return client.refresh.usage;
  const spot = { realm, endpoint: 'token', client: client.id, grant };
  if ((await takeFault(spot, 'refresh-reject')) !== undefined) throw new Refusal('refresh-expired');
  return (await takeFault(spot, 'refresh-same')) === undefined ? client.refresh.usage : 'reuse';
}
