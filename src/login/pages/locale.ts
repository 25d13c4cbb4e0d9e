/** Which language our pages speak to somebody. Pure. */
import { parseQuery } from '../../web/forms.ts';

/** Languages of our pages: bokmål, nynorsk, English. */
export const PAGE_LOCALES = ['nb', 'nn', 'en'] as const;

/** One of {@link PAGE_LOCALES}. */
export type PageLocale = (typeof PAGE_LOCALES)[number];

/** Longest `Accept-Language` that is read; browsers send a fraction of it. */
const MAX_HEADER_CHARACTERS = 1024;
const MEMBER = /^([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$/i;

/** The page language a language tag means (RFC 5646), by its first subtag; plain Norwegian is bokmål. */
function toPageLocale(tag: string | undefined): PageLocale | undefined {
  const [primary = ''] = (tag ?? '').toLowerCase().split('-');
  return primary === 'no' ? 'nb' : PAGE_LOCALES.find((locale) => locale === primary);
}

/** Tags of an `Accept-Language` field, most wanted first (RFC 9110 12.5.4); members that do not parse, and q=0, are left out. */
export function parseAcceptLanguage(header: string | undefined): readonly string[] {
  if (header === undefined || header.length > MAX_HEADER_CHARACTERS) return [];
  return header
    .split(',')
    .flatMap((member) => {
      const [, tag, quality = '1'] = MEMBER.exec(member.trim()) ?? [];
      return tag === undefined || Number(quality) === 0 ? [] : [{ tag, quality: Number(quality) }];
    })
    .toSorted((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
}

/** What tells the language of one request. */
export interface LocaleSigns {
  /** `locale` the login was begun with. */
  readonly attempt?: string | undefined;
  /** Raw query of the request; its `locale` counts unless it is repeated. */
  readonly query: string;
  readonly acceptLanguage: string | undefined;
}

/** The language to answer in: the one asked for, else the browser's, else `fallback`. */
export function choosePageLocale(signs: LocaleSigns, fallback: PageLocale): PageLocale {
  const parsed = parseQuery(signs.query);
  const given = parsed.ok && !parsed.form.duplicates.includes('locale') ? parsed.form.get('locale') : undefined;
  const wishes = [signs.attempt, given, ...parseAcceptLanguage(signs.acceptLanguage)];
  return wishes.map(toPageLocale).find((locale) => locale !== undefined) ?? fallback;
}

/** A `locale` worth keeping until its login comes back: anything shaped like a language tag. */
export function keptLocale(asked: string | undefined): string | undefined {
  return asked !== undefined && /^[A-Za-z0-9-]{1,35}$/.test(asked) ? asked : undefined;
}
