/** What our pages say, in bokmål. */

/** The pages a person can meet. */
export type PageName =
  | 'cancelled'
  | 'login-failed'
  | 'link-too-old'
  | 'too-many-logins'
  | 'stronger-login'
  | 'provider-down'
  | 'store-down'
  | 'confirm-logout'
  | 'logging-out'
  | 'signed-out'
  | 'sign-in-again';

/** The words of one page. */
export interface PageText {
  readonly title: string;
  readonly sentence: string;
  readonly advice: string;
  /** Label of the link or button that goes on. */
  readonly action: string;
}

/** The words of every page. */
export const BOKMAAL: Readonly<Record<PageName, PageText>> = {
  cancelled: {
    title: 'Innloggingen ble avbrutt',
    sentence: 'Du avbrøt innloggingen, og du er ikke logget inn.',
    advice: 'Du kan prøve igjen når du vil.',
    action: 'Prøv å logge inn igjen',
  },
  'login-failed': {
    title: 'Innloggingen mislyktes',
    sentence: 'Noe gikk galt da vi skulle logge deg inn.',
    advice: 'Prøv en gang til. Hjelper ikke det, kontakt brukerstøtte og oppgi referansen under.',
    action: 'Prøv å logge inn igjen',
  },
  'link-too-old': {
    title: 'Innloggingen kan ikke fullføres',
    sentence: 'Denne innloggingen er for gammel, eller den ble startet i en annen nettleser.',
    advice: 'Start innloggingen på nytt, så går det som regel bra.',
    action: 'Logg inn på nytt',
  },
  'too-many-logins': {
    title: 'Du sendes i ring',
    sentence: 'Siden har sendt deg til innlogging mange ganger på kort tid, enda du er logget inn.',
    advice: 'Vent noen sekunder før du prøver igjen. Fortsetter det, kontakt brukerstøtte.',
    action: 'Prøv igjen',
  },
  'stronger-login': {
    title: 'Du må logge inn på et høyere sikkerhetsnivå',
    sentence: 'Innloggingen du brukte, er ikke sikker nok for denne tjenesten.',
    advice: 'Logg inn igjen og velg en innloggingsmåte med høyere sikkerhetsnivå.',
    action: 'Logg inn på nytt',
  },
  'provider-down': {
    title: 'Innloggingstjenesten svarer ikke',
    sentence: 'Vi får ikke kontakt med innloggingstjenesten akkurat nå.',
    advice: 'Vent litt og prøv igjen.',
    action: 'Prøv igjen',
  },
  'store-down': {
    title: 'Tjenesten er midlertidig utilgjengelig',
    sentence: 'Vi får ikke hentet innloggingen din akkurat nå. Du er ikke logget ut.',
    advice: 'Vent litt og last siden på nytt.',
    action: 'Prøv igjen',
  },
  'confirm-logout': {
    title: 'Vil du logge ut?',
    sentence: 'Du kom hit fra et annet nettsted, så vi spør for sikkerhets skyld.',
    advice: 'Du blir værende innlogget hvis du lukker siden.',
    action: 'Logg ut',
  },
  'logging-out': {
    title: 'Du blir logget ut',
    sentence: 'Du er logget ut her, og sendes videre for å bli logget ut av innloggingstjenesten.',
    advice: 'Skjer det ingenting, trykk på knappen.',
    action: 'Fullfør utloggingen',
  },
  'signed-out': {
    title: 'Du er logget ut',
    sentence: 'Du er nå logget ut.',
    advice: 'Lukk nettleseren hvis du bruker en maskin som andre har tilgang til.',
    action: 'Til forsiden',
  },
  'sign-in-again': {
    title: 'Du må logge inn igjen',
    sentence: 'Innloggingen din har gått ut, og det du sendte inn, ble ikke lagret.',
    advice: 'Ta vare på teksten din før du logger inn igjen, for eksempel ved å gå ett steg tilbake.',
    action: 'Logg inn igjen',
  },
};

/** Label of the link home, and of the reference people can quote. */
export const COMMON: { readonly home: string; readonly reference: string } = {
  home: 'Til forsiden',
  reference: 'Referanse',
};
