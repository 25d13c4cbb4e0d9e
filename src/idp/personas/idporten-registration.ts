import type { IdportenRegistration } from '../../registry/model.ts';
import { rowOf } from '../engine/client.ts';
import type { LocalClient } from '../engine/client.ts';

/** What a client of ID-porten is registered with. */
export function registrationOf(client: LocalClient): IdportenRegistration {
  const { registration } = rowOf(client);
  if (registration.provider === 'idporten') return registration;
  throw new TypeError('not an ID-porten client');
}
