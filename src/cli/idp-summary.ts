import { join } from 'node:path';
import { type CaHints, caHints, describeCaHints, shellWord } from '../idp/keys/ca-hints.ts';
import type { IdpConfig } from '../idp/config.ts';
import type { PersonaName } from '../idp/persona-names.ts';
import { controlOf, originsOf } from '../idp/origins.ts';
import type { ControlAddress } from '../idp/origins.ts';
import { alignColumns } from '../up/table.ts';

/** One running persona, as its clients know it. */
interface PersonaSummary {
  readonly name: PersonaName;
  readonly issuer: string;
  readonly metadata: string;
}

/** What `fullmakt idp` has started: printed for people, or as JSON for scripts. */
export interface IdpSummary {
  readonly ready: true;
  /** From the start of the process. */
  readonly seconds: number;
  readonly pid: number;
  readonly stateDir: string;
  readonly personas: readonly PersonaSummary[];
  readonly peopleFile: string;
  readonly keysDir: string;
  readonly clientsFile?: string;
  readonly control: ControlAddress;
  readonly ca: CaHints;
}

/** The summary of providers that run with this configuration, `seconds` after the process began. */
export function summariseIdp(config: IdpConfig, seconds: number): IdpSummary {
  const { stateDir, clientsFile } = config;
  return {
    ready: true,
    seconds,
    pid: process.pid,
    stateDir,
    personas: config.personas.map((name) => personaSummary(name, config)),
    peopleFile: join(stateDir, 'people.yaml'),
    keysDir: join(stateDir, 'keys'),
    ...(clientsFile === undefined ? {} : { clientsFile }),
    control: controlOf(config),
    ca: caHints(stateDir),
  };
}

/** Issuers as clients know them; Maskinporten's ends in a slash, the others do not. */
function issuersOf(config: IdpConfig): Readonly<Record<PersonaName, string>> {
  const origins = originsOf(config);
  return {
    idporten: origins.idporten,
    entra: `${origins.entra}/${config.entraTenants[0]?.tid ?? ''}/v2.0`,
    maskinporten: origins.maskinporten,
    openid: origins.openid,
    'oidf-basic': origins.oidfBasic,
    'oidf-fapi2': origins.oidfFapi2,
    'oidf-cc': origins.oidfCc,
  };
}

function personaSummary(name: PersonaName, config: IdpConfig): PersonaSummary {
  const issuer = issuersOf(config)[name];
  const document =
    name === 'maskinporten' || name === 'oidf-cc' ? 'oauth-authorization-server' : 'openid-configuration';
  return { name, issuer, metadata: `${issuer.replace(/\/$/, '')}/.well-known/${document}` };
}

const PAGE = '["http://localhost:3000/callback"]';
const KEYS = '"jwks": {"keys": [...]}';

/** A client of each persona, by the names of its registration, as far as it can be guessed. */
const SAMPLES: Readonly<Record<PersonaName, string>> = {
  idporten: `{"client_id": "my-app", "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ${PAGE}, "scopes": ["openid", "profile"]}`,
  entra: `{"displayName": "my-app", "redirectUris": ${PAGE}, "passwordCredentials": [{}]}`,
  maskinporten: `{"client_id": "my-app", "scopes": ["demo:feed"], ${KEYS}}`,
  openid: `{"client_id": "my-app", "redirect_uris": ${PAGE}}`,
  'oidf-basic': `{"client_id": "my-app", "redirect_uris": ${PAGE}}`,
  'oidf-fapi2': `{"client_id": "my-app", "token_endpoint_auth_method": "private_key_jwt", "redirect_uris": ${PAGE}, ${KEYS}}`,
  'oidf-cc': `{"client_id": "my-app", "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"], ${KEYS}}`,
};

/** The text that a person reads. */
export function describeIdp(summary: IdpSummary): string {
  const { personas, control, ca } = summary;
  const sample = personas[0]?.name ?? 'idporten';
  const files = [
    ['people', summary.peopleFile],
    ['keys', summary.keysDir],
    ['CA', ca.caFile],
    ['clients', summary.clientsFile ?? 'no file; --clients <file> names one'],
  ];
  return [
    `ready in ${summary.seconds.toFixed(2)} s`,
    `\nIssuers and their metadata\n${alignColumns(personas.map(({ name, issuer, metadata }) => [name, issuer, metadata]))}`,
    `\nFiles\n${alignColumns(files)}`,
    `\nhttps here has a certificate of the CA above; set for programs that call it\n  ${describeCaHints(ca)}`,
    '  `fullmakt idp env` prints these and the lines for Apache and Java',
    `\nControl API\n  ${control.url}, Authorization: Bearer <what ${control.tokenFile} holds>`,
    '  add a client, while this runs:',
    `    curl -H "Authorization: Bearer $(cat ${shellWord(control.tokenFile)})" -H 'Content-Type: application/json' \\`,
    `      -d '${SAMPLES[sample]}' ${control.url}/v1/${sample}/clients`,
    '\nThese are stand-ins for tests: whoever reaches them signs in as anybody, and nothing they issue opens the real services.',
    'Ctrl-C stops them.\n',
  ].join('\n');
}
