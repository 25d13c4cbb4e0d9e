import type { CachedToken } from '../oauth/tokens/cached-token.ts';
import { TokenRequestFailed } from '../oauth/token-endpoint/token-failure.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import type { SidecarContext } from './context.ts';
import type { TokenService } from './token-answers.ts';

/** What one token request is about, for events. */
export interface TokenMatter {
  readonly provider: string;
  readonly target: string;
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
  const { kind, status, error, description } = failed;
  const { provider, target } = matter;
  if (kind === 'policy') {
    context.emit({ event: 'sidecar.refused_by_policy', provider, target, status, error, description, cid });
    return;
  }
  context.emit({ event: 'sidecar.request_failed', provider, kind, error, description, cause: failed.cause, cid });
}
