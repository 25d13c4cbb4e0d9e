/** What every language has to say. */

/** The pages a person can meet. */
export const PAGE_NAMES = [
  'cancelled',
  'login-failed',
  'link-too-old',
  'too-many-logins',
  'stronger-login',
  'provider-down',
  'store-down',
  'confirm-logout',
  'logging-out',
  'signed-out',
  'sign-in-again',
  'exchange-refused',
  'cross-site',
  'signed-in',
] as const;

/** One of {@link PAGE_NAMES}. */
export type PageName = (typeof PAGE_NAMES)[number];

/** The words of one page. */
interface PageText {
  readonly title: string;
  /** What happened. */
  readonly sentence: string;
  /** What to do. */
  readonly advice: string;
  /** Label of the link or button that goes on. */
  readonly action: string;
}

/** The words of one language. */
export interface PageTexts {
  readonly pages: Readonly<Record<PageName, PageText>>;
  /** Label of the link home. */
  readonly home: string;
  /** Label of the reference that people can quote and operators find in the log. */
  readonly reference: string;
}
