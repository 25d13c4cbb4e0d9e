/** The provider's metadata at login time, waited for only shortly. */
import type { ProviderMetadata } from '../providers/metadata.ts';
import type { LoginContext } from './context.ts';

const WAIT_MILLISECONDS = 2000;

/** The metadata, with at most one shared fetch of two seconds; undefined when the provider has not answered. */
export async function loadedMetadata(context: LoginContext): Promise<ProviderMetadata | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, WAIT_MILLISECONDS, undefined);
  });
  try {
    return await Promise.race([context.client.metadata.get(), waited]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
