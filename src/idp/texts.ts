/** Languages of the pages. */
export type Language = 'nb' | 'en';

/** Every text of the pages in one language. */
export interface Texts {
  readonly banner: string;
  readonly signInTo: (service: string) => string;
  readonly forClient: (client: string) => string;
  readonly person: string;
  readonly otherPerson: string;
  readonly otherPersonHelp: string;
  readonly level: string;
  readonly substantial: string;
  readonly high: string;
  readonly proceed: string;
  readonly cancel: string;
  readonly problemNobody: string;
  readonly problemPid: string;
  readonly problemLevel: string;
  readonly refused: string;
  readonly refusedHelp: string;
  readonly signedOut: string;
  readonly signingOut: string;
  readonly sending: string;
}

/** What the pages say. */
export const TEXTS: Readonly<Record<Language, Texts>> = {
  nb: {
    banner: 'Lokal testtjeneste – ikke den ekte (local test service – not the real one)',
    signInTo: (service) => `Logg inn med ${service}`,
    forClient: (client) => `Du logger inn i ${client}. Alle personene er oppdiktet.`,
    person: 'Hvem er du?',
    otherPerson: 'Et annet syntetisk fødselsnummer',
    otherPersonHelp: '11 sifre, måned + 80. Går foran valget over.',
    level: 'Sikkerhetsnivå',
    substantial: 'Betydelig (substantial)',
    high: 'Høyt (high)',
    proceed: 'Fortsett',
    cancel: 'Avbryt',
    problemNobody: 'Velg en person.',
    problemPid: 'Nummeret er ikke et gyldig syntetisk fødselsnummer.',
    problemLevel: 'Tjenesten krever et høyere sikkerhetsnivå.',
    refused: 'Innloggingen kan ikke fortsette',
    refusedHelp: 'Tjenesten du kom fra, sendte en forespørsel som ikke kan besvares.',
    signedOut: 'Du er logget ut',
    signingOut: 'Du logges ut av tjenestene du har brukt.',
    sending: 'Du sendes tilbake til tjenesten.',
  },
  en: {
    banner: 'Local test service – not the real one',
    signInTo: (service) => `Sign in with ${service}`,
    forClient: (client) => `You are signing in to ${client}. Every person here is made up.`,
    person: 'Who are you?',
    otherPerson: 'Another synthetic national number',
    otherPersonHelp: '11 digits, month + 80. Goes before the choice above.',
    level: 'Security level',
    substantial: 'Substantial',
    high: 'High',
    proceed: 'Continue',
    cancel: 'Cancel',
    problemNobody: 'Choose a person.',
    problemPid: 'That is not a valid synthetic national number.',
    problemLevel: 'The service asks for a higher security level.',
    refused: 'This sign-in cannot go on',
    refusedHelp: 'The service you came from sent a request that cannot be answered.',
    signedOut: 'You are signed out',
    signingOut: 'You are being signed out of the services you used.',
    sending: 'You are being sent back to the service.',
  },
};

/** The language to show: `ui_locales` first (OpenID Connect Core 3.1.2.1), then the browser's, then Bokmål. */
export function languageOf(locales: readonly string[], acceptLanguage?: string): Language {
  const browser = (acceptLanguage ?? '').split(',').map((part) => part.split(';')[0]?.trim() ?? '');
  const known = [...locales, ...browser].map(toLanguage).find((language) => language !== undefined);
  return known ?? 'nb';
}

function toLanguage(tag: string): Language | undefined {
  const [primary] = tag.toLowerCase().split('-');
  if (primary === 'en') return 'en';
  return ['nb', 'nn', 'no', 'se'].includes(primary ?? '') ? 'nb' : undefined;
}
