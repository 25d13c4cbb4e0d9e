import { rewrapSigningKeys } from '../exchange/keys/key-rewrap.ts';
import { resealedKey } from '../registrar/keys.ts';
import type { Registry } from '../registry/contract.ts';
import type { KeyWrapper } from '../registry/key-wrapper.ts';
import { UpError } from '../up/state-folder.ts';

const ATTEMPTS = 10;

/**
 * Seals every private key of the registry, TokenX's own and those of applications, under the first key-encryption key of the
 * ring; the text that says so, or a JSON document. Nothing is changed when one of them opens with none. Throws UpError.
 */
export async function rewrap(registry: Registry, ring: KeyWrapper, asJson: boolean): Promise<string> {
  const clients = await rewrapClientKeys(registry, ring);
  const signing = await rewrapSigningKeys(registry.signingKeys, ring);
  if (asJson) return `${JSON.stringify({ signing, clients, under: ring.id }, null, 2)}\n`;
  return `${signing} signing keys and ${clients} keys of applications are sealed under key-encryption key ${ring.id}; those it replaces can be let go\n`;
}

async function rewrapClientKeys(registry: Registry, ring: KeyWrapper): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { version } = registry.snapshot();
    const sealed = (await registry.keys()).filter(({ sealedPrivate }) => sealedPrivate !== undefined);
    if (sealed.length === 0) return 0;
    const audit = [{ actor: 'command line', action: 'keys.rewrapped', detail: { under: ring.id } }];
    const putKeys = sealed.map((key) => resealedKey(key, ring));
    if ((await registry.commit(version, { putKeys, audit })) === 'ok') return sealed.length;
  }
  throw new UpError('the registry is changed by others without end; try again');
}
