import type { RemoteKeySetOptions } from '../../oauth/jwks.ts';
import type { Emit } from '../../observe/events.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import type { SidecarEvent } from '../events.ts';

/** What a key set tells, as events of the sidecar. */
export function keyEvents(
  { name: provider, issuer }: Pick<ProviderSettings, 'name' | 'issuer'>,
  emit: Emit<SidecarEvent>,
): Required<Pick<RemoteKeySetOptions, 'onEvent' | 'onSuppressed'>> {
  return {
    onEvent: (told) => {
      if (told.event === 'jwks.key_skipped') {
        emit({ event: 'sidecar.key_skipped', provider, reason: told.reason });
        return;
      }
      const fault = told.event === 'jwks.failed' ? { fault: told.reason } : {};
      const outcome = told.event === 'jwks.failed' ? 'failure' : 'success';
      emit({ event: 'sidecar.keys', provider, issuer, reason: told.because, outcome, ...fault });
    },
    onSuppressed: (reason) => {
      emit({ event: 'sidecar.keys_suppressed', issuer, reason });
    },
  };
}
