import { JoseError } from '../../oauth/jws.ts';
import type { SidecarContext } from '../context.ts';
import { inactiveText } from '../../oauth/inactive-text.ts';
import { PayloadRefused } from '../../oauth/judge-token.ts';
import { judgeOnce } from './judged.ts';
import type { Provider } from '../provider/provider.ts';

/** What introspection found: the answer for a good token, why it is not good, or why nobody can tell. */
export type Verdict = { readonly active: string } | { readonly refused: string } | { readonly unavailable: string };

/** Judges a token for an introspection endpoint, and tells what the cache had of it. `path` is that of the endpoint, in figures. */
export async function verdictOn(
  token: string,
  provider: Provider,
  { context, path }: { readonly context: SidecarContext; readonly path: string },
): Promise<Verdict> {
  const tell = (result: 'hit' | 'miss'): void => {
    if (context.results === undefined) return;
    context.emit({ event: 'sidecar.cache', path, provider: provider.settings.name, result });
  };
  try {
    const judged = await judgeOnce(token, provider, context);
    tell(judged.result);
    return { active: judged.answer };
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    tell('miss');
    if (error instanceof JoseError && error.code === 'keys_unavailable') {
      return { unavailable: 'its keys could not be fetched' };
    }
    return { refused: inactiveText(error) };
  }
}
