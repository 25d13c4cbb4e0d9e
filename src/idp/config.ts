import { address, boolean, json, text } from '../settings.ts';
import type { Address, SettingsTable } from '../settings.ts';
import { origin, parseTenants, personaList } from './config-kinds.ts';
import type { PersonaName } from './persona-names.ts';
import type { Tenant } from './tenants.ts';

/** Everything the local identity providers can be told. Origins default to the addresses they listen on. */
export interface IdpConfig {
  readonly stateDir: string;
  readonly personas: readonly PersonaName[];
  readonly clientsFile?: string;
  readonly controlBind: Address;
  readonly idportenBind: Address;
  readonly idportenLoginBind: Address;
  readonly entraBind: Address;
  readonly entraHttpBind: Address;
  readonly graphBind: Address;
  readonly maskinportenBind: Address;
  readonly idportenTlsBind?: Address;
  readonly idportenLoginTlsBind?: Address;
  readonly maskinportenTlsBind?: Address;
  readonly openidBind: Address;
  readonly openidTlsBind?: Address;
  readonly oidfBasicBind: Address;
  readonly oidfFapi2Bind: Address;
  readonly oidfCcBind: Address;
  readonly idportenIssuer?: string;
  readonly idportenLoginOrigin?: string;
  readonly idportenRefreshedIdToken: boolean;
  readonly entraOrigin?: string;
  readonly graphOrigin?: string;
  readonly entraTenants: readonly Tenant[];
  readonly entraSessionState: boolean;
  readonly maskinportenIssuer?: string;
  readonly openidIssuer?: string;
  readonly oidfBasicIssuer?: string;
  readonly oidfFapi2Issuer?: string;
  readonly oidfCcIssuer?: string;
  readonly headless: boolean;
  readonly allowNonLoopback: boolean;
}

/** The settings of `fullmakt idp`, with their defaults. */
export const idpSettings: SettingsTable<IdpConfig> = {
  stateDir: text({
    env: 'FULLMAKT_IDP_STATE_DIR',
    says: 'The folder of people, keys, seed and certificates.',
    fallback: '.fullmakt',
  }),
  personas: personaList({
    env: 'FULLMAKT_IDP_PERSONAS',
    says: 'The providers to start.',
    fallback: ['idporten', 'entra', 'maskinporten'],
    shownDefault: 'idporten,entra,maskinporten',
  }),
  clientsFile: text({
    env: 'FULLMAKT_IDP_CLIENTS_FILE',
    says: 'YAML or JSON with clients that stand in no manifest, by persona.',
    optional: true,
  }),
  controlBind: address({
    env: 'FULLMAKT_IDP_CONTROL_BIND',
    says: 'Where the control API listens; loopback only, whatever else is allowed.',
    fallback: { host: '127.0.0.1', port: 7400 },
    shownDefault: '127.0.0.1:7400',
  }),
  idportenBind: address({
    env: 'FULLMAKT_IDP_IDPORTEN_BIND',
    says: 'Where the back end of ID-porten listens.',
    fallback: { host: 'localhost', port: 7410 },
    shownDefault: 'localhost:7410',
  }),
  idportenLoginBind: address({
    env: 'FULLMAKT_IDP_IDPORTEN_LOGIN_BIND',
    says: 'Where the sign-in of ID-porten listens.',
    fallback: { host: 'localhost', port: 7411 },
    shownDefault: 'localhost:7411',
  }),
  entraBind: address({
    env: 'FULLMAKT_IDP_ENTRA_BIND',
    says: 'Where Entra ID listens for https; unused when its origin is http.',
    fallback: { host: 'localhost', port: 7421 },
    shownDefault: 'localhost:7421',
  }),
  entraHttpBind: address({
    env: 'FULLMAKT_IDP_ENTRA_HTTP_BIND',
    says: 'Where Entra ID listens for http: the same answers, for clients with explicit endpoints.',
    fallback: { host: 'localhost', port: 7420 },
    shownDefault: 'localhost:7420',
  }),
  graphBind: address({
    env: 'FULLMAKT_IDP_GRAPH_BIND',
    says: 'Where Graph listens for https.',
    fallback: { host: 'localhost', port: 7422 },
    shownDefault: 'localhost:7422',
  }),
  maskinportenBind: address({
    env: 'FULLMAKT_IDP_MASKINPORTEN_BIND',
    says: 'Where Maskinporten listens.',
    fallback: { host: 'localhost', port: 7430 },
    shownDefault: 'localhost:7430',
  }),
  idportenTlsBind: address({
    env: 'FULLMAKT_IDP_IDPORTEN_TLS_BIND',
    says: 'Where the back end of ID-porten listens for https too, such as localhost:7415.',
    optional: true,
  }),
  idportenLoginTlsBind: address({
    env: 'FULLMAKT_IDP_IDPORTEN_LOGIN_TLS_BIND',
    says: 'Where the sign-in of ID-porten listens for https too, such as localhost:7416.',
    optional: true,
  }),
  maskinportenTlsBind: address({
    env: 'FULLMAKT_IDP_MASKINPORTEN_TLS_BIND',
    says: 'Where Maskinporten listens for https too, such as localhost:7435.',
    optional: true,
  }),
  openidBind: address({
    env: 'FULLMAKT_IDP_OPENID_BIND',
    says: 'Where the generic OpenID provider listens.',
    fallback: { host: 'localhost', port: 7450 },
    shownDefault: 'localhost:7450',
  }),
  openidTlsBind: address({
    env: 'FULLMAKT_IDP_OPENID_TLS_BIND',
    says: 'Where the generic OpenID provider listens for https too, such as localhost:7451.',
    optional: true,
  }),
  oidfBasicBind: address({
    env: 'FULLMAKT_IDP_OIDF_BASIC_BIND',
    says: 'Where the persona oidf-basic listens for https.',
    fallback: { host: 'localhost', port: 7461 },
    shownDefault: 'localhost:7461',
  }),
  oidfFapi2Bind: address({
    env: 'FULLMAKT_IDP_OIDF_FAPI2_BIND',
    says: 'Where the persona oidf-fapi2 listens for https.',
    fallback: { host: 'localhost', port: 7462 },
    shownDefault: 'localhost:7462',
  }),
  oidfCcBind: address({
    env: 'FULLMAKT_IDP_OIDF_CC_BIND',
    says: 'Where the persona oidf-cc listens for https.',
    fallback: { host: 'localhost', port: 7463 },
    shownDefault: 'localhost:7463',
  }),
  idportenIssuer: origin('')({
    env: 'FULLMAKT_IDP_IDPORTEN_ISSUER',
    says: 'Issuer of ID-porten, without a slash.',
    optional: true,
    shownDefault: 'http:// and its address',
  }),
  idportenLoginOrigin: origin('')({
    env: 'FULLMAKT_IDP_IDPORTEN_LOGIN_ORIGIN',
    says: 'Origin of the sign-in of ID-porten.',
    optional: true,
    shownDefault: 'http:// and its address',
  }),
  idportenRefreshedIdToken: boolean({
    env: 'FULLMAKT_IDP_IDPORTEN_REFRESHED_ID_TOKEN',
    says: 'Whether a refresh at ID-porten gives a new ID token too; clients have to live with either.',
    fallback: true,
  }),
  entraOrigin: origin('')({
    env: 'FULLMAKT_IDP_ENTRA_ORIGIN',
    says: 'Origin of Entra ID; with http it serves no https at all.',
    optional: true,
    shownDefault: 'https:// and its address',
  }),
  graphOrigin: origin('')({
    env: 'FULLMAKT_IDP_GRAPH_ORIGIN',
    says: 'Origin of Graph, as the documents of Entra ID name it.',
    optional: true,
    shownDefault: 'https:// and its address',
  }),
  entraTenants: json<readonly Tenant[]>(parseTenants)({
    env: 'FULLMAKT_IDP_ENTRA_TENANTS',
    says: 'The tenants of Entra ID, the default one first.',
    fallback: [{ tid: '00000000-0000-4000-8000-00000000f001', domains: ['example.test'] }],
    shownDefault: '`[{"tid": "00000000-0000-4000-8000-00000000f001", "domains": ["example.test"]}]`',
  }),
  entraSessionState: boolean({
    env: 'FULLMAKT_IDP_ENTRA_SESSION_STATE',
    says: 'Whether Entra ID adds session_state to its answers at the authorization endpoint.',
    fallback: true,
  }),
  maskinportenIssuer: origin('/')({
    env: 'FULLMAKT_IDP_MASKINPORTEN_ISSUER',
    says: 'Issuer of Maskinporten; it ends in a slash.',
    optional: true,
    shownDefault: 'http://, its address and a slash',
  }),
  openidIssuer: origin('')({
    env: 'FULLMAKT_IDP_OPENID_ISSUER',
    says: 'Issuer of the generic OpenID provider, without a slash.',
    optional: true,
    shownDefault: 'http:// and its address',
  }),
  oidfBasicIssuer: origin('')({
    env: 'FULLMAKT_IDP_OIDF_BASIC_ISSUER',
    says: 'Issuer of the persona oidf-basic, without a slash.',
    optional: true,
    shownDefault: 'https:// and its address',
  }),
  oidfFapi2Issuer: origin('')({
    env: 'FULLMAKT_IDP_OIDF_FAPI2_ISSUER',
    says: 'Issuer of the persona oidf-fapi2, without a slash.',
    optional: true,
    shownDefault: 'https:// and its address',
  }),
  oidfCcIssuer: origin('')({
    env: 'FULLMAKT_IDP_OIDF_CC_ISSUER',
    says: 'Issuer of the persona oidf-cc, without a slash.',
    optional: true,
    shownDefault: 'https:// and its address',
  }),
  headless: boolean({
    env: 'FULLMAKT_IDP_HEADLESS',
    says: 'Whether login_hint=testid:… signs in without a page.',
    fallback: true,
  }),
  allowNonLoopback: boolean({
    env: 'FULLMAKT_IDP_ALLOW_NON_LOOPBACK',
    says: 'Whether the local providers may listen where others can reach them.',
    fallback: false,
  }),
};
