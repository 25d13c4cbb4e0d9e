import type { HttpResponse } from '../../web/http.ts';

const MAX_TARGET = 256;

/** The same answer, with the canonical name of the provider it is about, for figures, and the target, for spans; nothing of it goes out. */
export function about(
  provider: string,
  response: HttpResponse,
  target?: string,
): HttpResponse & { readonly provider: string; readonly target: string | undefined } {
  return { ...response, provider, target };
}

/** The provider an answer is about; empty where the request named none that is known. */
export function providerOf(response: HttpResponse): string {
  return 'provider' in response && typeof response.provider === 'string' ? response.provider : '';
}

/** What a token was asked for; never a label, for anybody may make one up. */
export function targetOf(response: HttpResponse): string | undefined {
  return 'target' in response && typeof response.target === 'string' ? response.target.slice(0, MAX_TARGET) : undefined;
}
