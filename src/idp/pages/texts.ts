import { EN } from './texts/en.ts';
import { NB } from './texts/nb.ts';
import { NN } from './texts/nn.ts';
import { SE } from './texts/se.ts';
import type { Texts } from './texts/texts.ts';

/** Languages of the pages: Bokmål, Nynorsk, Northern Sami, English. */
export const LANGUAGES = ['nb', 'nn', 'se', 'en'] as const;

/** One of {@link LANGUAGES}. */
export type Language = (typeof LANGUAGES)[number];

/** What the pages say. */
export const TEXTS: Readonly<Record<Language, Texts>> = { nb: NB, nn: NN, se: SE, en: EN };

/** The language to show: the wanted ones first (OpenID Connect Core 3.1.2.1, `ui_locales`), then the browser's, then Bokmål. */
export function languageOf(locales: readonly string[], acceptLanguage?: string): Language {
  const browser = (acceptLanguage ?? '').split(',').map((part) => part.split(';')[0]?.trim() ?? '');
  const known = [...locales, ...browser].map(toLanguage).find((language) => language !== undefined);
  return known ?? 'nb';
}

function toLanguage(tag: string): Language | undefined {
  const [primary = ''] = tag.toLowerCase().split('-');
  if (primary === 'no') return 'nb';
  return LANGUAGES.find((language) => language === primary);
}
