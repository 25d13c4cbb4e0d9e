import { randomUUID } from 'node:crypto';
import { publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { administer } from './operators.ts';
import { ISSUER, sign } from './world.ts';
import type { Answer, Change, World } from './world.ts';

/** Where clients are registered. */
export const CLIENTS = '/registration/client';

/** A client as an operator hands it in; undefined leaves a member out. */
export interface Wish {
  readonly app: string;
  /** The operator's key for statements. */
  readonly statementKey: PrivateJwk;
  /** The client's own key. */
  readonly clientKey: PrivateJwk;
  readonly inbound?: readonly string[];
  readonly statement?: Omit<Change, 'key'>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A good body with a fresh statement. */
export async function registrationBody(world: World, wish: Wish): Promise<Record<string, unknown>> {
  const claims = {
    appId: wish.app,
    accessPolicyInbound: wish.inbound ?? [],
    accessPolicyOutbound: [],
    aud: ISSUER,
    jti: randomUUID(),
    exp: Math.floor(world.clock.now) + 60,
    ...wish.statement?.claims,
  };
  return {
    client_name: wish.app,
    jwks: { keys: [publicJwk(wish.clientKey)] },
    software_statement: await sign(claims, wish.statementKey, wish.statement?.header),
    ...wish.body,
  };
}

/** Registers a client. */
export async function register(world: World, token: string | undefined, wish: Wish): Promise<Answer> {
  const body = await registrationBody(world, wish);
  return administer(world, CLIENTS, { body, ...(token === undefined ? {} : { token }) });
}

/** Asks about one client as the path names it, or takes it away. */
export async function askFor(
  world: World,
  token: string | undefined,
  { app, method = 'GET' }: { readonly app: string; readonly method?: string },
): Promise<Answer> {
  const path = `${CLIENTS}/${app.replaceAll(':', '%3A')}`;
  return administer(world, path, { method, ...(token === undefined ? {} : { token }) });
}
