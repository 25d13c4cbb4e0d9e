import type { Idp } from '../idp/app.ts';
import { generatePrivateJwk } from '../oauth/jwk.ts';
import type { Registrar } from '../registrar/registrar.ts';
import type { Closers } from './closers.ts';
import type { Ground } from './ground.ts';
import type { ProgramOptions } from './options.ts';
import { startRegistrar } from './registrar.ts';

/** The programs that all apps share, with their ports open. */
export interface Programs {
  readonly registrar: Registrar;
  readonly idp: Idp;
}

/** What `startPrograms` needs beside the options. */
export interface ProgramParts {
  readonly ground: Ground;
  readonly closers: Closers;
  /** Nothing was ever started here: keys have to be made, off this thread. */
  readonly isFirst: boolean;
  /** Called as soon as every app's variables are known. */
  readonly registered: (registrar: Registrar) => void;
}

/** Starts the registrar, then TokenX, which has to know the audiences to have a key for every algorithm they ask for, and the local providers. */
export async function startPrograms(options: ProgramOptions, parts: ProgramParts): Promise<Programs> {
  const { ground, closers } = parts;
  const generate = await keysAhead(ground);
  const registering = register(options, parts);
  // Loading the rest takes this thread: at a first start while keys are made, later once the apps, which take longest, are on
  // their way.
  if (!parts.isFirst) await registering;
  const providing = import('./idp.ts').then(({ startIdp }) => startIdp(options, ground, closers));
  const exchange = async (): Promise<void> => {
    // It asks for ID-porten's keys at once: an issuer that does not listen yet would be left alone for a second and more.
    await Promise.all([registering, providing]);
    const { startExchange } = await import('./exchange.ts');
    await startExchange(options, ground, closers, generate);
  };
  const exchanging = exchange();
  // A failure waits for the others, so that what they opened can be closed.
  await Promise.allSettled([exchanging, providing]);
  await exchanging;
  return { registrar: await registering, idp: await providing };
}

async function register(options: ProgramOptions, { ground, closers, registered }: ProgramParts): Promise<Registrar> {
  const registrar = await startRegistrar(options, ground, closers);
  registered(registrar);
  return registrar;
}

/** At a first start the key of TokenX is made before those of all apps, and not after: every start of theirs waits for it. */
async function keysAhead({ registry }: Ground): Promise<typeof generatePrivateJwk> {
  const made = await registry.signingKeys.load('tokenx');
  let ahead = made.keys.length === 0 ? generatePrivateJwk('RS256') : undefined;
  return (alg, kid) => {
    const key = alg === 'RS256' ? ahead : undefined;
    ahead = undefined;
    return key ?? generatePrivateJwk(alg, kid);
  };
}
