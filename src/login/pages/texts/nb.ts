/** Bokmål. */
import type { PageTexts } from './texts.ts';

/** What our pages say in bokmål. */
export const NB: PageTexts = {
  home: 'Til forsiden',
  reference: 'Referanse',
  pages: {
    cancelled: {
      title: 'Innloggingen ble avbrutt',
      sentence: 'Du fullførte ikke innloggingen, og ingenting er endret.',
      advice: 'Du kan prøve på nytt når du vil, eller gå til forsiden.',
      action: 'Logg inn på nytt',
    },
    'login-failed': {
      title: 'Innloggingen mislyktes',
      sentence: 'Noe gikk galt underveis, så vi fikk ikke logget deg inn.',
      advice: 'Prøv en gang til. Hvis det ikke hjelper, kan du kontakte brukerstøtte og oppgi referansen nedenfor.',
      action: 'Prøv igjen',
    },
    'link-too-old': {
      title: 'Innloggingen kan ikke fullføres',
      sentence: 'Den er for gammel, eller den ble startet i en annen nettleser.',
      advice: 'Logg inn på nytt, så kommer du som regel videre.',
      action: 'Logg inn på nytt',
    },
    'too-many-logins': {
      title: 'Du sendes fram og tilbake',
      sentence: 'Siden har sendt deg til innlogging flere ganger på kort tid, selv om du allerede er logget inn.',
      advice:
        'Vent noen sekunder før du prøver igjen. Hvis det fortsetter, kan du kontakte brukerstøtte og oppgi referansen nedenfor.',
      action: 'Prøv igjen',
    },
    'stronger-login': {
      title: 'Du må logge inn på en sikrere måte',
      sentence: 'Denne tjenesten krever en sikrere eller nyere innlogging enn den du brukte nå.',
      advice:
        'Logg inn på nytt, og velg en innloggingsmåte med høyere sikkerhetsnivå. Er du allerede logget inn, blir du ikke logget ut.',
      action: 'Logg inn på nytt',
    },
    'provider-down': {
      title: 'Innloggingstjenesten svarer ikke',
      sentence: 'Vi får ikke kontakt med tjenesten som logger deg inn.',
      advice: 'Vent noen minutter, og prøv igjen.',
      action: 'Prøv igjen',
    },
    'store-down': {
      title: 'Tjenesten er utilgjengelig akkurat nå',
      sentence: 'Vi får ikke sjekket innloggingen din. Feilen ligger hos oss. Du er ikke logget ut.',
      advice: 'Vent litt, og prøv igjen. Hvis du nettopp sendte inn noe, kan du gå tilbake og sende det på nytt.',
      action: 'Prøv igjen',
    },
    'confirm-logout': {
      title: 'Vil du logge ut?',
      sentence: 'Du kom hit fra et annet nettsted. Derfor spør vi før vi logger deg ut.',
      advice: 'Vil du fortsatt være innlogget, kan du lukke denne siden eller gå til forsiden.',
      action: 'Logg ut',
    },
    'logging-out': {
      title: 'Du blir logget ut',
      sentence: 'Du er logget ut her, og sendes videre for å bli logget ut av innloggingstjenesten også.',
      advice: 'Hvis ingenting skjer, kan du velge «Fullfør utloggingen».',
      action: 'Fullfør utloggingen',
    },
    'signed-out': {
      title: 'Du er logget ut',
      sentence: 'Du er ikke lenger innlogget i denne tjenesten.',
      advice: 'Bruker du en enhet som andre har tilgang til, bør du også lukke nettleseren.',
      action: 'Logg inn igjen',
    },
    'sign-in-again': {
      title: 'Du må logge inn igjen',
      sentence: 'Innloggingen din har gått ut, så det du sendte inn, kom ikke fram.',
      advice: 'Gå tilbake i nettleseren, og ta vare på det du skrev, før du logger inn igjen.',
      action: 'Logg inn igjen',
    },
    'exchange-refused': {
      title: 'Du har ikke tilgang til denne siden',
      sentence: 'Innloggingen din gir ikke tilgang til denne delen av tjenesten.',
      advice: 'Mener du at du skal ha tilgang, kan du kontakte brukerstøtte og oppgi referansen nedenfor.',
      action: 'Prøv igjen',
    },
    'cross-site': {
      title: 'Vi stoppet det du prøvde å gjøre',
      sentence: 'Det ble sendt hit fra et annet nettsted, og da gjør vi ingenting på dine vegne. Ingenting er endret.',
      advice: 'Var det du som ville gjøre dette, kan du gå til forsiden og gjøre det derfra.',
      action: 'Til forsiden',
    },
    'signed-in': {
      title: 'Du er logget inn',
      sentence: 'Du sendes videre til siden du skulle til.',
      advice: 'Hvis ingenting skjer, kan du velge «Gå videre».',
      action: 'Gå videre',
    },
  },
};
