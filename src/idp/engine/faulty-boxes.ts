import type { Form } from '../../web/forms.ts';
import { FAULT_NAMES, parseFault } from '../faults.ts';
import type { Realm } from '../persona.ts';
import type { TickableFault } from '../pages/texts/texts.ts';
import type { Attempt } from './complete.ts';

const OF_ISSUER: ReadonlySet<string> = new Set(['bad-iss', 'no-iss']);
const OF_REFRESH: ReadonlySet<string> = new Set(['refresh-reject', 'refresh-same']);

/** The faults that can act on this sign-in. */
export function offeredFaults({ policy, client, request }: Attempt): readonly TickableFault[] {
  return FAULT_NAMES.filter(isTickable).filter((fault) => {
    if (OF_ISSUER.has(fault)) return policy.issInAnswer;
    if (OF_REFRESH.has(fault)) return client.refresh.issued !== 'never';
    if (fault === 'wrong-nonce') return request.nonce !== undefined;
    return fault !== 'no-sid' || client.sessionNamed;
  });
}

/** The faults that were ticked, with their values; what is none is left out. */
export function tickedFaults(realm: Realm, form: Form): readonly string[] {
  const ticked = form.all('fault').filter((text) => {
    const read = parseFault(text);
    return read !== undefined && isTickable(read.fault);
  });
  if (ticked.length > 0) realm.faults.noteTicked();
  return ticked;
}

function isTickable(fault: (typeof FAULT_NAMES)[number]): fault is TickableFault {
  return fault !== 'propagation';
}
