/** Nynorsk. */
import type { PageTexts } from './texts.ts';

/** What our pages say in nynorsk. */
export const NN: PageTexts = {
  home: 'Til framsida',
  reference: 'Referanse',
  pages: {
    cancelled: {
      title: 'Innlogginga vart avbroten',
      sentence: 'Du fullførte ikkje innlogginga, og ingenting er endra.',
      advice: 'Du kan prøve på nytt når du vil, eller gå til framsida.',
      action: 'Logg inn på nytt',
    },
    'login-failed': {
      title: 'Vi fekk ikkje logga deg inn',
      sentence: 'Noko gjekk gale undervegs.',
      advice: 'Prøv ein gong til. Viss det ikkje hjelper, kan du kontakte brukarstøtte og oppgje referansen nedanfor.',
      action: 'Prøv igjen',
    },
    'link-too-old': {
      title: 'Innlogginga kan ikkje fullførast',
      sentence: 'Ho er for gammal, eller ho vart starta i ein annan nettlesar.',
      advice: 'Logg inn på nytt, så kjem du som regel vidare.',
      action: 'Logg inn på nytt',
    },
    'too-many-logins': {
      title: 'Du blir sendt fram og tilbake',
      sentence: 'Sida har sendt deg til innlogging fleire gonger på kort tid, sjølv om du alt er logga inn.',
      advice:
        'Vent nokre sekund før du prøver igjen. Viss det held fram, kan du kontakte brukarstøtte og oppgje referansen nedanfor.',
      action: 'Prøv igjen',
    },
    'stronger-login': {
      title: 'Du må logge inn på ein sikrare måte',
      sentence: 'Denne tenesta krev ei sikrare eller nyare innlogging enn den du brukte no.',
      advice:
        'Logg inn på nytt, og vel ein innloggingsmåte med høgare tryggleiksnivå. Er du alt logga inn, blir du ikkje logga ut.',
      action: 'Logg inn på nytt',
    },
    'provider-down': {
      title: 'Innloggingstenesta svarer ikkje',
      sentence: 'Vi får ikkje kontakt med tenesta som loggar deg inn.',
      advice: 'Vent nokre minutt, og prøv igjen.',
      action: 'Prøv igjen',
    },
    'store-down': {
      title: 'Tenesta er ikkje tilgjengeleg akkurat no',
      sentence: 'Vi får ikkje sjekka innlogginga di. Feilen ligg hos oss. Du er ikkje logga ut.',
      advice: 'Vent litt, og prøv igjen. Viss du nettopp sende inn noko, kan du gå tilbake og sende det på nytt.',
      action: 'Prøv igjen',
    },
    'confirm-logout': {
      title: 'Vil du logge ut?',
      sentence: 'Du kom hit frå ein annan nettstad. Difor spør vi før vi loggar deg ut.',
      advice: 'Vil du framleis vere innlogga, kan du lukke denne sida eller gå til framsida.',
      action: 'Logg ut',
    },
    'logging-out': {
      title: 'Du blir logga ut',
      sentence: 'Du er logga ut her, og blir sendt vidare for å bli logga ut av innloggingstenesta òg.',
      advice: 'Viss ingenting skjer, kan du velje «Fullfør utlogginga».',
      action: 'Fullfør utlogginga',
    },
    'signed-out': {
      title: 'Du er logga ut',
      sentence: 'Du er ikkje lenger innlogga i denne tenesta.',
      advice: 'Bruker du ei eining som andre har tilgang til, bør du lukke nettlesaren òg.',
      action: 'Logg inn igjen',
    },
    'sign-in-again': {
      title: 'Du må logge inn igjen',
      sentence: 'Innlogginga di har gått ut, så det du sende inn, kom ikkje fram.',
      advice: 'Gå tilbake i nettlesaren, og ta vare på det du skreiv, før du loggar inn igjen.',
      action: 'Logg inn igjen',
    },
    'exchange-refused': {
      title: 'Du har ikkje tilgang til denne sida',
      sentence: 'Innlogginga di gir ikkje tilgang til denne delen av tenesta.',
      advice: 'Meiner du at du skal ha tilgang, kan du kontakte brukarstøtte og oppgje referansen nedanfor.',
      action: 'Prøv igjen',
    },
    'cross-site': {
      title: 'Vi stoppa det du prøvde å gjere',
      sentence:
        'Det vart sendt hit frå ein annan nettstad, og då gjer vi ingenting på dine vegner. Ingenting er endra.',
      advice: 'Var det du som ville gjere dette, kan du gå til framsida og gjere det derifrå.',
      action: 'Til framsida',
    },
    'signed-in': {
      title: 'Du er logga inn',
      sentence: 'Du blir sendt vidare til sida du skulle til.',
      advice: 'Viss ingenting skjer, kan du velje «Gå vidare».',
      action: 'Gå vidare',
    },
  },
};
