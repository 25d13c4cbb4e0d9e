import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson, StrictJsonError } from '../../oauth/strict-json.ts';
import { Refusal } from '../engine/refusal.ts';
import type { FurtherRequest } from '../engine/user-grant.ts';
import type { ClientAt } from '../realm-parts.ts';
import { registrationOf } from './idporten-registration.ts';

/** What the detailed authorizations of ID-porten are about: acting for others. */
const DETAILS_TYPE = 'idporten:fullmakt';
/** Both tokens repeat the details, and tokens travel in headers. */
const MAX_DETAILS_CHARACTERS = 4096;

/** `onbehalfof` and `authorization_details` (RFC 9396 2). Throws `on-behalf-of-unknown`, `details-malformed` or `details-type`. */
export function readFurther({ client }: ClientAt, parameters: ReadonlyMap<string, string>): FurtherRequest {
  const [id, details] = [parameters.get('onbehalfof'), parameters.get('authorization_details')];
  if (id !== undefined && registrationOf(client).onBehalfOf?.includes(id) !== true) {
    throw new Refusal('on-behalf-of-unknown', { parameter: 'onbehalfof', client: client.id });
  }
  return {
    ...(id === undefined ? {} : { onBehalfOf: id }),
    ...(details === undefined ? {} : { authorizationDetails: readDetails(details) }),
  };
}

function readDetails(text: string): readonly Readonly<Record<string, unknown>>[] {
  const malformed = new Refusal('details-malformed', { parameter: 'authorization_details' });
  if (text.length > MAX_DETAILS_CHARACTERS) throw malformed;
  const parsed = parseOrRefuse(text, malformed);
  if (!Array.isArray(parsed) || !parsed.every(isJsonObject)) throw malformed;
  if (parsed.length === 0 || parsed.some((detail) => typeof detail['type'] !== 'string')) throw malformed;
  const other = parsed.find((detail) => detail['type'] !== DETAILS_TYPE);
  if (other !== undefined) throw new Refusal('details-type', { type: String(other['type']) });
  return parsed;
}

function parseOrRefuse(text: string, refusal: Refusal): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw error instanceof StrictJsonError ? refusal : error;
  }
}
