import { isJsonObject } from '../../oauth/objects.ts';
import type { Authorization, Consent, SystemUser } from '../clients/authorizations.ts';
import { Refusal } from '../engine/refusal.ts';
import { isSyntheticPid } from '../people/pid.ts';
import { clientOf, consumerOf } from './maskinporten-subject.ts';
import type { Subject } from './maskinporten-subject.ts';

type Asked = Readonly<Record<string, unknown>>;

const MEMBERS: Readonly<Record<Authorization['type'], readonly string[]>> = {
  'urn:altinn:systemuser': ['type', 'systemuser_org', 'externalRef'],
  'urn:altinn:consent': ['type', 'id', 'from'],
};
const PERSON = 'urn:altinn:person:identifier-no:';
const ORGANISATION = 'urn:altinn:organization:identifier-no:';

/** The types that the metadata names. */
export const DETAIL_TYPES: readonly string[] = Object.keys(MEMBERS);

/** Each of the authorization details (RFC 9396 2) is of a known type, well formed, and known to Altinn. Throws a Refusal (RFC 9396 5). */
export function checkDetails(subject: Subject): void {
  detailsOf(subject);
}

/** What the token says about the authorization details asked for; undefined when there are none. Throws as {@link checkDetails} does. */
export function detailsOf(subject: Subject): readonly Authorization[] | undefined {
  const asked = subject.jwt.claims['authorization_details'];
  if (!Array.isArray(asked) || asked.length === 0) return undefined;
  return asked.map((detail: unknown) => authorizationFor(subject, detail));
}

function authorizationFor(subject: Subject, asked: unknown): Authorization {
  const values = { client: clientOf(subject).clientId };
  const type = isJsonObject(asked) ? asked['type'] : undefined;
  if (!isJsonObject(asked) || !isType(type)) throw new Refusal('details-type', values);
  const stray = Object.keys(asked).find((name) => !MEMBERS[type].includes(name));
  if (stray !== undefined) throw new Refusal('details-member', { ...values, member: stray });
  if (type === 'urn:altinn:systemuser') {
    const found = systemUserFor(subject, asked);
    if (found === undefined) throw new Refusal('details-system-user', values);
    return found;
  }
  const found = consentFor(subject, asked);
  if (found === undefined) throw new Refusal('details-value', values);
  return found;
}

function isType(type: unknown): type is Authorization['type'] {
  return typeof type === 'string' && Object.hasOwn(MEMBERS, type);
}

function systemUserFor({ call }: Subject, asked: Asked): SystemUser | undefined {
  const { systemuser_org: organisation, externalRef } = asked;
  if (!isJsonObject(organisation) || organisation['authority'] !== 'iso6523-actorid-upis') return undefined;
  const found = call.realm.clients
    .authorizations()
    .filter((each) => each.type === 'urn:altinn:systemuser')
    .find((each) => each.systemuser_org.ID === organisation['ID'] && each.externalRef === externalRef);
  if (found === undefined) return undefined;
  const { type, systemuser_org, systemuser_id, system_id } = found;
  const reference = found.externalRef === undefined ? {} : { externalRef: found.externalRef };
  return { type, systemuser_org, ...reference, systemuser_id, system_id };
}

/** Given by this person to the consumer of the token, and not over yet. */
function consentFor(subject: Subject, asked: Asked): Consent | undefined {
  const { id, from } = asked;
  if (typeof from !== 'string' || !from.startsWith(PERSON) || !isSyntheticPid(from.slice(PERSON.length))) {
    return undefined;
  }
  const to = `${ORGANISATION}${consumerOf(subject)}`;
  const found = subject.call.realm.clients
    .authorizations()
    .filter((each) => each.type === 'urn:altinn:consent')
    .find((each) => each.id === id && each.from === from && each.to === to);
  if (found === undefined || Date.parse(found.validTo) / 1000 <= subject.now) return undefined;
  const { type, consented, validTo, consentRights } = found;
  return { type, id: found.id, from, to, consented, validTo, consentRights };
}
