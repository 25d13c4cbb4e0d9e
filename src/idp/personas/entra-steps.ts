import type { UserGrant } from '../engine/user-grant.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Problem } from '../engine/refusal.ts';
import type { ClientCall, Realm } from '../persona.ts';
import type { Person } from '../people/person.ts';

type Step = NonNullable<NonNullable<Person['employee']>['requires']>;

const PROBLEMS: Readonly<Record<Step, Problem>> = {
  mfa: 'step-mfa',
  enrol: 'step-enrol',
  'conditional-access': 'step-conditional-access',
};
const REMEMBERED_SECONDS = 24 * 60 * 60;

/** Notes that a sign-in came with the claims of a challenge: its session has taken the step. */
export async function noteStep(realm: Realm, person: Person, grant: UserGrant): Promise<void> {
  const step = person.employee?.requires;
  if (step === undefined || grant.sentClaims?.includes(policyOf(realm, step)) !== true) return;
  await realm.memory.put(`step ${grant.sid}`, Buffer.from(step), REMEMBERED_SECONDS);
}

/** A person who has a step before them gets nothing without a page: throws `step-…` with the claims that the next sign-in has to bring. */
export async function requireSteps({ realm, client }: ClientCall, person: Person, sid: string): Promise<void> {
  const step = person.employee?.requires;
  if (step === undefined || (await realm.memory.read(`step ${sid}`)) !== undefined) return;
  const challenge = { access_token: { polids: { essential: true, values: [policyOf(realm, step)] } } };
  throw new Refusal(PROBLEMS[step], { client: client.id, challenge: JSON.stringify(challenge) });
}

function policyOf(realm: Realm, step: Step): string {
  return realm.seed.guid('entra', 'policy', step);
}
