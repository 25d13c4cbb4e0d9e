/** What a browser keeps while it is away at the providers: where it goes on to, and what proves that it comes back from there. */
import { randomBytes } from 'node:crypto';
import { encodeBase64Url } from '../../oauth/base64url.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import type { Sealer } from '../session/ticket.ts';

const STATE_BYTES = 16;
const PURPOSE = 'logout-state';
/** Longest cookie; the rest of the browser's room is for sessions and attempts. */
const MAX_COOKIE_BYTES = 2560;

/** One provider where a user is to be logged out, and what tells it whom. */
export interface Stop {
  readonly provider: string;
  readonly idTokenHint?: string | undefined;
  readonly logoutHint?: string | undefined;
}

/** A logout on its way. */
export interface Journey {
  /** The provider that was named, whose settings say where logouts end; undefined = all, and the default's do. */
  readonly named: string | undefined;
  readonly target: string | undefined;
  /** Providers to visit, in order. */
  readonly stops: readonly Stop[];
}

/** A fresh `state`: plain ASCII, not to be guessed. */
export function newLogoutState(): string {
  return encodeBase64Url(randomBytes(STATE_BYTES));
}

function serialise({ named, target, stops }: Journey, state: string): Buffer {
  const rest = stops.map(({ provider, idTokenHint, logoutHint }) => ({ p: provider, i: idTokenHint, h: logoutHint }));
  return Buffer.from(JSON.stringify({ s: state, n: named, t: target, r: rest }));
}

/** Seals what is left of a logout. ID tokens that make the cookie too long are left out: their providers may ask the user. */
export function sealJourney(
  sealer: Sealer,
  cookieName: string,
  { state, journey }: { readonly state: string; readonly journey: Journey },
): string {
  const seal = (what: Journey): string => sealer.seal(PURPOSE, serialise(what, state), cookieName);
  const whole = seal(journey);
  if (cookieName.length + whole.length <= MAX_COOKIE_BYTES) return whole;
  const stops = journey.stops.map(({ provider, logoutHint }) => ({ provider, logoutHint }));
  return seal({ ...journey, stops });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parseStop(value: unknown): Stop | undefined {
  const provider = isJsonObject(value) ? text(value['p']) : undefined;
  if (!isJsonObject(value) || provider === undefined) return undefined;
  return { provider, idTokenHint: text(value['i']), logoutHint: text(value['h']) };
}

/** Opens it with the `state` that came back; undefined when it is not ours, or of another logout. */
export function openJourney(
  sealer: Sealer,
  cookie: { readonly name: string; readonly value: string },
  state: string | undefined,
): Journey | undefined {
  const plain = sealer.open(PURPOSE, cookie.value, cookie.name);
  if (plain === undefined) return undefined;
  const members: unknown = JSON.parse(plain.toString('utf8'));
  if (!isJsonObject(members) || state === undefined || members['s'] !== state) return undefined;
  const rest = Array.isArray(members['r']) ? members['r'] : [];
  const stops = rest.map(parseStop).filter((stop) => stop !== undefined);
  return { named: text(members['n']), target: text(members['t']), stops };
}
