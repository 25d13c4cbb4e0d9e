import assert from 'node:assert/strict';
import type { Page } from './browser.ts';

/** One service of the chain, as the example page shows it. */
export interface ShownHop {
  readonly service: string;
  readonly 'called by': string;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly level: string;
}

/** The chain that an example page shows, first service first. */
export function readChain(page: Page): ShownHop[] {
  assert.equal(page.status, 200, `${page.url} answered ${page.status}:\n${page.html.slice(0, 1500)}`);
  return [...page.html.matchAll(/<li class="hop" data-service="([^"]+)">([\s\S]*?)<\/li>/g)].map(
    ([, service = '', inner = '']) => {
      const pairs = [...inner.matchAll(/<dt>([^<]+)<\/dt><dd>([^<]*)<\/dd>/g)].map(([, term = '', text = '']) => [
        term,
        text,
      ]);
      return { service, ...Object.fromEntries(pairs) };
    },
  );
}

/** Every refusal on the page, as text. */
export function readRefusals(page: Page): string[] {
  return [...page.html.matchAll(/<div class="refusal"[^>]*>([\s\S]*?)<\/div>/g)].map(([, inner = '']) =>
    inner
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .replaceAll('&quot;', '"')
      .trim(),
  );
}
