import type { AppId } from '../app-id.ts';
import type { App } from '../model.ts';

/** An app as the registrar would make it, with nothing asked for. */
export function appRow(id: AppId): App {
  return {
    id,
    uid: `uid-${id}`,
    generation: 1,
    hash: id,
    state: 'active',
    kind: 'Application',
    spec: {
      ingresses: [],
      port: 8080,
      upstream: { host: '127.0.0.1', port: 8080 },
      identity: { mode: 'keys', serviceAccount: id },
      inbound: [],
      outbound: [],
    },
  };
}
