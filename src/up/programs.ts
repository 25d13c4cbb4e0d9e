import type { Idp } from '../idp/app.ts';
import { generatePrivateJwk } from '../oauth/jwk.ts';
import type { Registrar } from '../registrar/registrar.ts';
import type { Closers } from './closers.ts';
import { startExchange } from './exchange.ts';
import type { Ground } from './ground.ts';
import { startIdp } from './idp.ts';
import type { ProgramOptions } from './options.ts';
import { startRegistrar } from './registrar.ts';

/** The programs that all apps share, with their ports open. */
export interface Programs {
  readonly registrar: Registrar;
  readonly idp: Idp;
}

/**
 * Starts registrar and TokenX, and beside them the local providers: each makes keys at its first start. `registered` is called
 * as soon as every app's variables are known.
 */
export async function startPrograms(
  options: ProgramOptions,
  ground: Ground,
  closers: Closers,
  registered: (registrar: Registrar) => void,
): Promise<Programs> {
  const [registrar, idp] = await all([
    startRegistrarAndExchange(options, ground, closers, registered),
    startIdp(options, ground, closers),
  ]);
  return { registrar, idp };
}

/** TokenX makes one key for every algorithm that an audience asks for, so it has to know the audiences first. */
async function startRegistrarAndExchange(
  options: ProgramOptions,
  ground: Ground,
  closers: Closers,
  registered: (registrar: Registrar) => void,
): Promise<Registrar> {
  const generate = keysAhead(ground);
  const registrar = await startRegistrar(options, ground, closers);
  registered(registrar);
  await startExchange(options, ground, closers, generate);
  return registrar;
}

/** At a first start the key of TokenX is made before those of all apps, and not after: every start of theirs waits for it. */
function keysAhead({ registry }: Ground): typeof generatePrivateJwk {
  let ahead = registry.signingKeys.load('tokenx').keys.length === 0 ? generatePrivateJwk('RS256') : undefined;
  return (alg, kid) => {
    const key = alg === 'RS256' ? ahead : undefined;
    ahead = undefined;
    return key ?? generatePrivateJwk(alg, kid);
  };
}

/** Like Promise.all, but a failure waits for the others, so that what they opened can be closed. */
async function all<A, B>([one, other]: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}
