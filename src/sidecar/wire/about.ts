import type { HttpResponse } from '../../web/http.ts';

/** The same answer, with the canonical name of the provider it is about, for figures; nothing of it goes out. */
export function about(provider: string, response: HttpResponse): HttpResponse & { readonly provider: string } {
  return { ...response, provider };
}

/** The provider an answer is about; empty where the request named none that is known. */
export function providerOf(response: HttpResponse): string {
  return 'provider' in response && typeof response.provider === 'string' ? response.provider : '';
}
