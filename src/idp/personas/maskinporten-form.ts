import { numberClaim, stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import { Refusal } from '../engine/refusal.ts';
import { isSyntheticPid } from '../people/pid.ts';
import { MASKINPORTEN_RESOURCE_STRING } from '../unconfirmed.ts';
import type { Subject } from './maskinporten-subject.ts';

type Fits = (value: unknown) => boolean;

const isNumber: Fits = (value) => numberClaim({ value }, 'value') !== undefined;
const isText: Fits = (value) => stringClaim({ value }, 'value') !== undefined;
const isTexts: Fits = (value) => stringListClaim({ value }, 'value') !== undefined;

const NEEDED: readonly (readonly [string, Fits])[] = [
  ['iss', isText],
  ['exp', isNumber],
  ['iat', isNumber],
  ['aud', isTexts],
];
const OPTIONAL: readonly (readonly [string, Fits])[] = [
  ['scope', isText],
  ['jti', isText],
  ['nbf', isNumber],
  ['resource', isResource],
  ['iss_onbehalfof', isText],
  ['consumer_org', (value) => typeof value === 'string' && /^\d{9}$/.test(value)],
  // A real national number never gets in.
  ['pid', (value) => typeof value === 'string' && isSyntheticPid(value)],
  ['authorization_details', Array.isArray],
];

/** Every claim has the type it is to have (RFC 7519 4.1); those that none can do without are there. Throws `assertion-malformed`. */
export function checkForm({ jwt: { claims } }: Subject): void {
  const wrong =
    NEEDED.find(([name, fits]) => !fits(claims[name])) ??
    OPTIONAL.find(([name, fits]) => claims[name] !== undefined && !fits(claims[name]));
  if (wrong !== undefined)
    throw new Refusal('assertion-malformed', { why: `claim ${wrong[0]} is missing or malformed` });
}

function isResource(value: unknown): boolean {
  return typeof value === 'string' ? MASKINPORTEN_RESOURCE_STRING === 'accept' : isTexts(value);
}
