import type { FaultName } from './faults.ts';
import { EN } from './texts/en.ts';
import { NB } from './texts/nb.ts';
import { NN } from './texts/nn.ts';
import { SE } from './texts/se.ts';

/** Languages of the pages: Bokmål, Nynorsk, Northern Sami, English. */
export const LANGUAGES = ['nb', 'nn', 'se', 'en'] as const;

/** One of {@link LANGUAGES}. */
export type Language = (typeof LANGUAGES)[number];

/** Faults that can be ticked on the sign-in page. */
export type TickableFault = Exclude<FaultName, 'propagation'>;

/** Every text of the pages in one language. */
export interface Texts {
  /** The language's name in itself. */
  readonly name: string;
  readonly language: string;
  readonly banner: string;
  readonly signInTo: (service: string) => string;
  /** Before and after the client's name. */
  readonly forClient: readonly [before: string, after: string];
  readonly person: string;
  readonly search: string;
  readonly searchButton: string;
  readonly found: (some: number, all: number) => string;
  readonly otherPerson: string;
  readonly otherPersonHelp: string;
  readonly level: string;
  readonly substantial: string;
  readonly high: string;
  readonly proceed: string;
  readonly cancel: string;
  readonly problem: string;
  readonly problemNobody: string;
  readonly problemPid: string;
  readonly problemLevel: string;
  readonly faults: string;
  readonly faultsHelp: string;
  readonly fault: Readonly<Record<TickableFault, string>>;
  readonly refused: string;
  readonly refusedHelp: string;
  readonly signedOut: string;
  readonly signingOut: string;
  readonly sending: string;
}

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
