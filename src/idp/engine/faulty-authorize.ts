import { randomUUID } from 'node:crypto';
import type { FaultName } from '../faults.ts';
import type { Site } from '../persona.ts';
import { takeFault } from './faulty-take.ts';
import { Refusal } from './refusal.ts';
import type { UserGrant } from './user-grant.ts';

/** An authorization answer on its way, and the sign-in behind it. */
interface AnswerSpot {
  readonly site: Site;
  readonly client: string;
  readonly grant: Pick<UserGrant, 'grantId' | 'faults'> | undefined;
}

/** Throws the refusal of somebody who pressed cancel, if a fault says so. */
export async function refuseOnDemand({
  site,
  client,
  ticked = [],
}: {
  readonly site: Site;
  readonly client: { readonly id: string };
  readonly ticked?: readonly string[];
}): Promise<void> {
  if (!site.realm.faults.active) return;
  const grant = { grantId: randomUUID(), faults: ticked };
  if (await acts({ site, client: client.id, grant }, 'access_denied')) throw new Refusal('cancelled');
}

/** The `iss` of an authorization answer (RFC 9207 2): right, wrong or missing. */
export async function issuerInAnswer(spot: AnswerSpot): Promise<string | undefined> {
  const { site } = spot;
  if (site.realm.persona.authorize?.issInAnswer !== true) return undefined;
  if (await acts(spot, 'no-iss')) return undefined;
  return (await acts(spot, 'bad-iss')) ? 'http://fullmakt-local.invalid' : site.place.issuer;
}

async function acts({ site: { realm }, client, grant }: AnswerSpot, fault: FaultName): Promise<boolean> {
  if (!realm.faults.active) return false;
  return (await takeFault({ realm, endpoint: 'authorize', client, grant }, fault)) !== undefined;
}
