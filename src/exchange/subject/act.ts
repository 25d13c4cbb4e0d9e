import { isJsonObject } from '../../oauth/objects.ts';
import { refuse } from '../errors.ts';
import type { Pseudonym } from '../record/pseudonym.ts';
import type { VerifiedSubjectToken } from './subject-token.ts';

/** Actors in one chain, the new one included. */
const MAX_ACTORS = 5;

/** One actor and who acted before it (RFC 8693 4.1). `iss` is there when another issuer wrote it. */
export interface Actor {
  readonly sub: string;
  readonly iss?: string;
  readonly act?: Actor;
}

/**
 * The chain of a new token: the caller outermost, the subject token's own actors inside. Actors another issuer wrote keep
 * `sub` and `iss` only, and get that issuer's name, so nobody can forge our app ids. Throws `act-depth` over 5 actors.
 */
export function extendActors(caller: string, { claims, issuer }: VerifiedSubjectToken, ownIssuer: string): Actor {
  const foreign = issuer.own ? undefined : { issuer: issuer.issuer, ownIssuer };
  const previous = claims['act'] === undefined ? undefined : readActor(claims['act'], foreign, MAX_ACTORS - 1);
  return previous === undefined ? { sub: caller } : { sub: caller, act: previous };
}

/** What the record calls every actor, newest first: apps by their id, and whom another issuer named, who may be people, by pseudonyms. */
export function actorNames(actor: Actor | undefined, pseudonym: Pseudonym): readonly string[] {
  if (actor === undefined) return [];
  const name = actor.iss === undefined ? actor.sub : pseudonym(actor.iss, actor.sub);
  return [name, ...actorNames(actor.act, pseudonym)];
}

/** Who wrote the actors, where that was not us, and the name it may not use. */
interface Foreign {
  readonly issuer: string;
  readonly ownIssuer: string;
}

function readActor(value: unknown, foreign: Foreign | undefined, roomLeft: number): Actor {
  if (roomLeft === 0) throw refuse('act-depth', `the token has passed through more than ${MAX_ACTORS} applications`);
  if (!isJsonObject(value) || typeof value['sub'] !== 'string') {
    throw refuse('subject-malformed', 'subject token: act must be an object with sub');
  }
  const named = typeof value['iss'] === 'string' ? value['iss'] : undefined;
  const issuer = named === undefined || named === foreign?.ownIssuer ? foreign?.issuer : named;
  const inner = value['act'] === undefined ? undefined : readActor(value['act'], foreign, roomLeft - 1);
  return {
    sub: value['sub'],
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(inner === undefined ? {} : { act: inner }),
  };
}
