import type { Emit } from '../../observe/events.ts';
import type { ExchangeEvent } from '../record/events.ts';
import type { LoadedKeys } from './key-loading.ts';

const STATES = ['staged', 'active', 'retired', 'revoked'];

/** Tells how old each active key is, and for every key which state it is in; a key that is gone is in none. */
export function createKeyFigures(emit: Emit<ExchangeEvent>): (keys: LoadedKeys, storeNow: number) => void {
  let told = new Set<string>();
  const tellState = (kid: string, state: string | undefined): void => {
    for (const each of STATES) emit({ event: 'exchange.key_state', kid, state: each, here: each === state ? 1 : 0 });
  };
  return ({ set }, storeNow) => {
    for (const { kid, alg, state, activatedAt, createdAt } of set.keys) {
      told.delete(kid);
      tellState(kid, state);
      if (state !== 'active') continue;
      emit({ event: 'exchange.signing_key_age', alg, ageSeconds: Math.max(0, storeNow - (activatedAt ?? createdAt)) });
    }
    for (const kid of told) tellState(kid, undefined);
    told = new Set(set.keys.map(({ kid }) => kid));
  };
}
