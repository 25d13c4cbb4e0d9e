import { integer, json, oneOf, text, url } from '../settings.ts';
import type { SettingsTable } from '../settings.ts';

/** What a folder's `up` can be told. */
export interface UpConfig {
  readonly cluster: string;
  /** Added to every port, so that several can run beside each other. */
  readonly portOffset: number;
  readonly organisation: Organisation;
  readonly organisations: Readonly<Record<string, Organisation>>;
  readonly idportenWellKnownUrl?: string;
  readonly entraWellKnownUrl?: string;
  readonly maskinportenWellKnownUrl?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** An organisation number (nine digits) and the prefix of its Maskinporten scopes. */
interface Organisation {
  readonly orgno: string;
  readonly prefix: string;
}

/** The settings of `fullmakt up`: environment variables, or lines of `<dir>/fullmakt.env`. */
export const upSettings: SettingsTable<UpConfig> = {
  portOffset: integer({
    env: 'FULLMAKT_UP_PORT_OFFSET',
    says: 'Added to every port that fullmakt up listens on.',
    fallback: 0,
  }),
  idportenWellKnownUrl: url({
    env: 'FULLMAKT_UP_IDPORTEN_WELL_KNOWN_URL',
    says: 'Metadata of the ID-porten to use in place of the local one.',
    optional: true,
  }),
  entraWellKnownUrl: url({
    env: 'FULLMAKT_UP_ENTRA_WELL_KNOWN_URL',
    says: 'Metadata of the Entra ID tenant to use in place of the local one.',
    optional: true,
  }),
  maskinportenWellKnownUrl: url({
    env: 'FULLMAKT_UP_MASKINPORTEN_WELL_KNOWN_URL',
    says: 'Metadata of the Maskinporten to use in place of the local one.',
    optional: true,
  }),
  organisation: json<Organisation>(parseOrganisation)({
    env: 'FULLMAKT_UP_ORGANISATION',
    says: 'The organisation that namespaces belong to unless said otherwise, as JSON.',
    fallback: { orgno: '310000019', prefix: 'example' },
  }),
  organisations: json<Readonly<Record<string, Organisation>>>(parseOrganisations)({
    env: 'FULLMAKT_UP_ORGANISATIONS',
    says: 'Namespaces that belong to another organisation, as JSON: {"namespace": {"orgno": …, "prefix": …}}.',
    fallback: {},
  }),
  cluster: text({
    env: 'FULLMAKT_UP_CLUSTER',
    says: 'The cluster part of every app id.',
    fallback: 'local',
  }),
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])({
    env: 'FULLMAKT_UP_LOG_LEVEL',
    says: 'The least level written to .fullmakt/fullmakt.log.',
    fallback: 'info',
  }),
};

function parseOrganisation(value: unknown): Organisation {
  if (typeof value === 'object' && value !== null && 'orgno' in value && 'prefix' in value) {
    const { orgno, prefix } = value;
    if (
      typeof orgno === 'string' &&
      /^\d{9}$/.test(orgno) &&
      typeof prefix === 'string' &&
      /^[a-zæøå\d]+$/.test(prefix)
    ) {
      return { orgno, prefix };
    }
  }
  throw new Error('{"orgno": nine digits, "prefix": lower-case letters and digits}');
}

function parseOrganisations(value: unknown): Readonly<Record<string, Organisation>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('a JSON object by namespace');
  return Object.fromEntries(Object.entries(value).map(([namespace, each]) => [namespace, parseOrganisation(each)]));
}
