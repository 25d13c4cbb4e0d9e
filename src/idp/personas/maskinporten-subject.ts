import { stringClaim } from '../../oauth/jwt.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import type { Client, MaskinportenRegistration, Snapshot } from '../../registry/model.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Call } from '../persona.ts';
import { words } from '../words.ts';

/** A readable assertion under judgement: every check sees the same clients, scopes and time. */
export interface Subject {
  readonly call: Call;
  readonly jwt: UnverifiedJwt;
  readonly snapshot: Snapshot;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** A client that may use Maskinporten. */
export interface MaskinportenClient extends Client {
  readonly registration: MaskinportenRegistration;
}

/** Who asks. Throws `client-unknown`. */
export function clientOf({ jwt, snapshot }: Subject): MaskinportenClient {
  const clientId = stringClaim(jwt.claims, 'iss') ?? '';
  const client = snapshot.client('maskinporten', clientId);
  const active = client?.state === 'ready' && snapshot.app(client.app)?.state === 'active';
  if (client === undefined || !active || !isMaskinporten(client)) {
    throw new Refusal('client-unknown', { client: clientId });
  }
  return client;
}

/** Who the token is for: the organisation that delegated, or the client's own. */
export function consumerOf(subject: Subject): string {
  return stringClaim(subject.jwt.claims, 'consumer_org') ?? clientOf(subject).registration.orgno;
}

/** The scopes asked for, each once, in order. */
export function scopesOf({ jwt }: Subject): readonly string[] {
  return words(stringClaim(jwt.claims, 'scope'));
}

function isMaskinporten(client: Client): client is MaskinportenClient {
  return client.registration.provider === 'maskinporten';
}
