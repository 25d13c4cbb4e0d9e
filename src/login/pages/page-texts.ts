/** What our pages say, in every language. */
import type { PageLocale } from './locale.ts';
import { EN } from './texts/en.ts';
import { NB } from './texts/nb.ts';
import { NN } from './texts/nn.ts';
import type { PageName, PageTexts } from './texts/texts.ts';
import { PAGE_NAMES } from './texts/texts.ts';

export type { PageName } from './texts/texts.ts';

/** The words of every page. */
export const PAGE_TEXTS: Readonly<Record<PageLocale, PageTexts>> = { nb: NB, nn: NN, en: EN };

/** Whether a value that was stored is the name of a page. */
export function isPageName(value: unknown): value is PageName {
  return PAGE_NAMES.some((name) => name === value);
}
