import type { CachedToken } from '../../oauth/tokens/cached-token.ts';
import { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { SidecarContext } from '../context.ts';
import type { TokenService } from './token-answers.ts';

/** What one token request is about, for events. */
export interface TokenMatter {
  readonly provider: string;
  readonly target: string;
  /** Of an exchange: what a provider may repeat in its refusal, and nobody may read in a log. */
  readonly userToken?: string;
}

/** Turns an acquisition into its answer, and tells what came of it. */
export async function serveToken(
  request: HttpRequest,
  { matter, service }: { readonly matter: TokenMatter; readonly service: TokenService },
  acquiring: Promise<CachedToken<string>>,
): Promise<HttpResponse> {
  const { context, answers } = service;
  try {
    const { value, secondsLeft, result } = await acquiring;
    context.emit({ event: 'sidecar.cache', path: answers.path, provider: matter.provider, result });
    return answers.granted(value, secondsLeft);
  } catch (error) {
    if (!(error instanceof TokenRequestFailed)) throw error;
    tellFailure(error, { matter, context, cid: request.correlationId });
    return answers.failed(error);
  }
}

function tellFailure(
  failed: TokenRequestFailed,
  { matter, context, cid }: { readonly matter: TokenMatter; readonly context: SidecarContext; readonly cid: string },
): void {
  const { kind, status } = failed;
  const { provider, target, userToken } = matter;
  const [error, description] = [without(failed.error, userToken), without(failed.description, userToken)];
  if (kind === 'policy') {
    context.emit({ event: 'sidecar.refused_by_policy', provider, target, status, error, description, cid });
    return;
  }
  context.emit({ event: 'sidecar.request_failed', provider, kind, error, description, cause: failed.cause, cid });
}

/** No token of anybody's is shorter; the shapes that tokens mostly have are found wherever something is logged. */
const SHORTEST_TOKEN = 16;

function without(text: string, token = ''): string {
  return token.length < SHORTEST_TOKEN ? text : text.replaceAll(token, () => '[redacted]');
}
