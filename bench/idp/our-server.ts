import { publicJwk } from '../../src/oauth/jwk.ts';
import { createMemoryRegistry } from '../../src/registry/registry.ts';
import { readSettings } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { serve } from '../../src/web/serve.ts';
import { createIdp } from '../../src/idp/app.ts';
import { idpSettings } from '../../src/idp/config.ts';
import type { PersonaName } from '../../src/idp/persona-names.ts';
import { parseOpenidClient } from '../../src/idp/clients/openid-client.ts';
import { worldRows } from '../../src/idp/testing/rows.ts';
import { registrations } from './world.ts';
import type { BenchKeys } from './world.ts';

/** Which personas a process serves, and from which folder. */
interface OurTask {
  readonly personas: readonly PersonaName[];
  readonly stateDir: string;
  readonly keys: BenchKeys;
}

const now = (): number => Date.now() / 1000;

/** Starts the personas of the task; ports by the name of the listener. */
export async function serveOurs({ personas, stateDir, keys }: OurTask): Promise<Record<string, number>> {
  const read = readSettings(idpSettings, {
    FULLMAKT_IDP_STATE_DIR: stateDir,
    FULLMAKT_IDP_PERSONAS: personas.join(','),
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const key = publicJwk(keys.RS256);
  const registry = createMemoryRegistry({ now, initial: worldRows(key, { ...key, kid: 'certified' }) });
  const store = createMemoryStore({ now });
  const idp = await createIdp(read.settings, {
    registry,
    store,
    fetch: (url, init) => fetch(url, init),
    now,
    emit: () => {},
  });
  for (const registration of registrations(keys)) {
    const parsed = parseOpenidClient(registration);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { client } = parsed;
    idp.clients.put({ persona: 'openid', id: client.clientId, source: 'api', openid: client });
  }
  // Issuers are settings, so the ports may be any.
  const listeners = await Promise.all(idp.listeners.map((spec) => serve({ ...spec, host: '127.0.0.1', port: 0 })));
  return Object.fromEntries(listeners.map(({ name, port }) => [name, port]));
}
