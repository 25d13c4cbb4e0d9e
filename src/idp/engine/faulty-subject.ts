import { randomBytes } from 'node:crypto';
import { isJsonObject } from '../../oauth/objects.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Realm } from '../persona.ts';
import { takeFault, tickedValue } from './faulty-take.ts';
import type { FaultSpot } from './faulty-take.ts';
import { keyOf, putJson, readJson } from './records.ts';
import type { UserGrant } from './user-grant.ts';

type Ticked = Pick<UserGrant, 'grantId' | 'faults'>;

const KEPT_SECONDS = 24 * 60 * 60;

/** Remembers that this access token's UserInfo is to be about somebody else, when that was ticked at the sign-in. */
export async function noteSubject(realm: Realm, grant: UserGrant | undefined, answer: HttpResponse): Promise<void> {
  if (grant === undefined || tickedValue(grant.faults, 'userinfo-sub') === undefined) return;
  const token = bodyOf(answer)?.['access_token'];
  if (typeof token !== 'string') return;
  const ticked: Ticked = { grantId: grant.grantId, faults: grant.faults };
  await putJson(realm.memory, keyOf('faulty-subject', token), ticked, KEPT_SECONDS);
}

/** A UserInfo answer with another `sub`, if a fault says so. */
export async function alterSubject(
  spot: FaultSpot,
  token: string | undefined,
  answer: HttpResponse,
): Promise<HttpResponse> {
  const body = bodyOf(answer);
  if (body === undefined || typeof body['sub'] !== 'string') return answer;
  const found = await readJson(spot.realm.memory, keyOf('faulty-subject', token ?? ''), isTicked);
  if ((await takeFault({ ...spot, grant: found?.value }, 'userinfo-sub')) === undefined) return answer;
  return { ...answer, body: JSON.stringify({ ...body, sub: randomBytes(32).toString('base64url') }) };
}

function isTicked(value: unknown): value is Ticked {
  return isJsonObject(value) && typeof value['grantId'] === 'string' && Array.isArray(value['faults']);
}

function bodyOf(answer: HttpResponse): Readonly<Record<string, unknown>> | undefined {
  if (answer.status !== 200 || typeof answer.body !== 'string') return undefined;
  try {
    const body: unknown = JSON.parse(answer.body);
    return isJsonObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
